#include "logging.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "nsameta/nsameta.h"
#include "words.h"

namespace nsameta {
namespace {

struct log_receiver {
  nsameta_log_callback callback = nullptr;
  void* user = nullptr;
};

struct log_sink {
  std::mutex mutex;  // held while the callback runs: once replaced, the old one is never called again
  log_receiver receivers[2];
  std::atomic<unsigned> current{
      0};  // of the two; a child that was forked meanwhile has the old one or the new one whole
};

// Neither is made by a first call: a child forked during that would wait for it for ever.
constinit log_sink sink;
constexpr unsigned unread = ~0u;
constinit std::atomic<unsigned> topics{unread};

/// Before the lock is taken: a forked child gets a new one, since the thread that holds it may not be there. Threads
/// that come together may register that more than once.
void renew_lock_in_children() noexcept {
  static constinit std::atomic<bool> registered{false};
  if (registered) return;
  if (pthread_atfork(nullptr, nullptr, [] { std::construct_at(&sink.mutex); }) == 0) registered = true;
}

}  // namespace

unsigned parse_log_topics(std::string_view list, bool tell) noexcept {
  unsigned topics = 0;
  for_each_word(list, [&](std::string_view word) {
    const auto is = [word](std::string_view topic) { return std::ranges::equal(word, topic, {}, in_small_letter); };
    const log_topic topic = is("dispatch") ? log_topic::dispatch : is("loader") ? log_topic::loader : log_topic{};
    topics |= static_cast<unsigned>(topic);
    if (!tell || topic != log_topic{} || word.empty()) return;
    char line[160];
    std::snprintf(line, sizeof line, "NSAMETA_LOG: \"%.*s\" is no topic; topics: dispatch, loader",
                  static_cast<int>(std::min<std::size_t>(word.size(), 60)), word.data());
    make_printable(line);
    log_line(line);
  });
  return topics;
}

bool log_enabled(log_topic topic) noexcept {
  unsigned known = topics.load(std::memory_order_relaxed);
  if (known == unread) [[unlikely]] {
    const char* list = std::getenv("NSAMETA_LOG");
    unsigned before = unread;
    known = parse_log_topics(list != nullptr ? list : "");
    if (topics.compare_exchange_strong(before, known) && list != nullptr) parse_log_topics(list, true);
  }
  return (known & static_cast<unsigned>(topic)) != 0;
}

void log_line(const char* line) noexcept {
  renew_lock_in_children();
  const std::lock_guard lock(sink.mutex);
  const log_receiver& receiver = sink.receivers[sink.current];
  if (receiver.callback == nullptr) {
    std::fprintf(stderr, "nsameta: %s\n", line);
    return;
  }
  try {
    receiver.callback(line, receiver.user);
  } catch (...) {  // nowhere to tell it
  }
}

}  // namespace nsameta

void nsameta_set_log_callback(nsameta_log_callback callback, void* user) {
  nsameta::renew_lock_in_children();
  const std::lock_guard lock(nsameta::sink.mutex);
  const unsigned next = 1 - nsameta::sink.current;
  nsameta::sink.receivers[next] = {callback, user};
  nsameta::sink.current = next;
}
