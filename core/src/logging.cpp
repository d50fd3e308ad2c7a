#include "logging.h"

#include <pthread.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "nsameta/nsameta.h"

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

unsigned topics_of_environment() noexcept {
  const char* list = std::getenv("NSAMETA_LOG");
  return list == nullptr ? 0 : parse_log_topics(list);
}

}  // namespace

unsigned parse_log_topics(std::string_view list) noexcept {
  unsigned topics = 0;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    if (word == "dispatch") topics |= static_cast<unsigned>(log_topic::dispatch);
    if (word == "loader") topics |= static_cast<unsigned>(log_topic::loader);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return topics;
}

bool log_enabled(log_topic topic) noexcept {
  unsigned known = topics.load(std::memory_order_relaxed);
  if (known == unread) [[unlikely]]
    topics.store(known = topics_of_environment(), std::memory_order_relaxed);
  return (known & static_cast<unsigned>(topic)) != 0;
}

void log_line(const char* line) noexcept {
  renew_lock_in_children();
  const std::lock_guard lock(sink.mutex);
  const log_receiver& receiver = sink.receivers[sink.current];
  if (receiver.callback != nullptr) {
    receiver.callback(line, receiver.user);
  } else {
    std::fprintf(stderr, "nsameta: %s\n", line);
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
