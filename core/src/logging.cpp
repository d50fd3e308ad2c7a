#include "logging.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "nsameta/nsameta.h"

namespace nsameta {
namespace {

struct log_sink {
  std::mutex mutex;  // held while the callback runs: once replaced, the old one is never called again
  nsameta_log_callback callback = nullptr;
  void* user = nullptr;
};

log_sink& sink() {
  static log_sink the_sink;
  return the_sink;
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
  static const unsigned topics = topics_of_environment();
  return (topics & static_cast<unsigned>(topic)) != 0;
}

void log_line(const char* line) noexcept {
  log_sink& to = sink();
  const std::lock_guard lock(to.mutex);
  if (to.callback != nullptr) {
    to.callback(line, to.user);
  } else {
    std::fprintf(stderr, "nsameta: %s\n", line);
  }
}

}  // namespace nsameta

void nsameta_set_log_callback(nsameta_log_callback callback, void* user) {
  nsameta::log_sink& to = nsameta::sink();
  const std::lock_guard lock(to.mutex);
  to.callback = callback;
  to.user = user;
}
