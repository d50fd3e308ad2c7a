/// How a test stops a call of the stand-in module halfway.
#pragma once

#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

namespace nsameta {

enum class held_call : int {
  none,           ///< calls run; a held one goes on
  probe_wanted,   ///< the next probe is to be held
  launch_wanted,  ///< the next launch
  held            ///< one waits
};

/// Not std::atomic's own wait, which does not hear of what another shared object notifies.
inline void wait_while(const std::atomic<held_call>& state, held_call is) {
  while (state == is) std::this_thread::sleep_for(std::chrono::microseconds(100));
}

}  // namespace nsameta

extern "C" __attribute__((visibility("default"))) std::atomic<nsameta::held_call>* nsameta_test_hold();

namespace nsameta::test {

/// Of the module in NSAMETA_PLUGIN_DIR, which the library opens too, sooner or later.
inline std::atomic<held_call>& module_hold() {
  const std::string file = std::string(std::getenv("NSAMETA_PLUGIN_DIR")) + "/nsameta_cuda.so";
  void* module = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* found = module != nullptr ? dlsym(module, "nsameta_test_hold") : nullptr;
  if (found == nullptr) throw std::runtime_error(dlerror());
  return *reinterpret_cast<decltype(&nsameta_test_hold)>(found)();
}

}  // namespace nsameta::test
