/// NSAMETA_BACKEND and nsameta_set_override: which backends selection may use.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "registry.h"

namespace nsameta {

struct override_entry {
  int backend;
  std::int32_t device = -1;  ///< -1: any
  std::string variant;       ///< "": any
};

/// A parsed override.
struct override_list {
  std::string text;                     ///< as written, trimmed; "" if there is none
  std::vector<override_entry> entries;  ///< empty: auto
  std::string error;                    ///< not "": every dispatch fails with this sentence
};

/// Parses "auto" or a list of "name[:index][/variant]". White space around the parts and large letters do not count.
override_list parse_override(std::string_view text);

/// Checks devices and variants of the backends that are ready; what is not ready is told when it is wanted.
void check_override(registry& backends, override_list* list);

/// The override of one dispatcher: open to change until the first dispatch freezes it.
class override_setting {
 public:
  /// `read_environment` is called at most once, at the freeze, and not at all after set(). It may return null.
  explicit override_setting(const char* (*read_environment)()) : read_environment_(read_environment) {}
  /// A forked child's: as chosen or frozen as its parent's, which lives longer.
  explicit override_setting(const override_setting& parents)
      : read_environment_(parents.read_environment_),
        chosen_(parents.chosen_.load()),
        published_(parents.published_.load(std::memory_order_acquire)) {}

  /// Fails with NSAMETA_INVALID_OVERRIDE when `text` does not parse, or after the freeze.
  nsameta_status set(const char* text);

  /// The override in force from the first call on, later at the price of one atomic load.
  const override_list& freeze(registry& backends) {
    const override_list* frozen = published_.load(std::memory_order_acquire);
    return frozen != nullptr ? *frozen : freeze_now(backends);
  }

 private:
  const override_list& freeze_now(registry& backends);

  const char* (*read_environment_)();
  std::mutex mutex_;
  std::deque<override_list> kept_;                        // all that were chosen or frozen here; addresses stay
  std::atomic<const override_list*> chosen_{nullptr};     // null: the environment's
  std::atomic<const override_list*> published_{nullptr};  // null: not frozen
};

}  // namespace nsameta
