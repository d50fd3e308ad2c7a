/// reload PLUGIN: opens a plugin that uses the library, uses it, closes it and begins again. Ends with 0 when all went
/// well, with a sentence and 1 else.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "reload_plugin.h"

namespace {

constexpr int rounds = 16, threads = 4;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

class plugin {
 public:
  explicit plugin(const char* file) : handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) fail(dlerror());
  }
  ~plugin() { dlclose(handle_); }
  plugin(const plugin&) = delete;
  plugin& operator=(const plugin&) = delete;

  void use(bool fibres) const {
    if (const std::string said = find<decltype(use_library)>("use_library")(fibres); !said.empty()) fail(said);
  }
  const char* text() const { return find<decltype(library_text)>("library_text")(); }

 private:
  template <class Function>
  Function* find(const char* name) const {
    void* found = dlsym(handle_, name);
    if (found == nullptr) fail(dlerror());
    return reinterpret_cast<Function*>(found);
  }

  void* handle_;
};

/// Uses the plugin and outlives it, with what it had of its own in the library.
std::jthread user_that_stays(const plugin& used, bool fibres, std::future<void> closed) {
  std::promise<void> done;
  std::future<void> is_done = done.get_future();
  std::jthread user([&used, fibres, closed = std::move(closed), done = std::move(done)]() mutable {
    used.use(fibres);
    done.set_value();
    closed.wait();
  });
  is_done.wait();
  return user;
}

}  // namespace

int main(int, char** arguments) {
  for (int round = 0; round < rounds; ++round) {
    // What is left to destroy keeps the library there; half of the rounds leave nothing.
    const bool fibres = round >= rounds / 2;
    std::promise<void> closing;
    std::jthread stays;
    const char* text = nullptr;
    std::string expected;
    {
      const plugin used(arguments[1]);
      std::vector<std::jthread> users;
      for (int i = 0; i < threads; ++i) users.emplace_back([&] { used.use(fibres); });
      stays = user_that_stays(used, fibres, closing.get_future());
      users.clear();
      expected = text = used.text();
      used.use(fibres);  // oneTBB's threads are at work until just before the end
    }
    if (text != expected) fail("a text of the library went with it");
    closing.set_value();
  }
  std::printf("%d times opened, used by %d threads and closed\n", rounds, threads + 2);
}
