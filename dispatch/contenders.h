/// The variants that can win on an explicit target: worked out once a target, so that a fill only compares their costs.
#pragma once

#include <array>
#include <atomic>
#include <vector>

#include "registry.h"
#include "work_size.h"

namespace nsameta {

struct contender {
  const backend_record* backend;
  const policy_row* row;
  launch_policy policy;  ///< complete but for the row bound
  launch_place place;    ///< complete but for the stream
};

class contender_lists {
 public:
  /// `backends` is the caller's and lives longer.
  explicit contender_lists(registry& backends) : backends_(backends) {}
  contender_lists(const contender_lists&) = delete;
  contender_lists& operator=(const contender_lists&) = delete;
  ~contender_lists();

  /// What selection without an override chooses for a target that is not NSAMETA_DEVICE_AUTO. Null when selection has
  /// more to say: nobody can run there, or the index is beyond this list's. Later calls cost one atomic load.
  const contender* cheapest(const nsameta_target& target, const work_size& work);
  /// Works the list of such a target out ahead of its first call.
  void prepare(const nsameta_target& target);

 private:
  using list = std::vector<contender>;
  static constexpr std::int32_t listed_devices = 64;  // of a kind

  /// Null where the index is beyond the lists'.
  const list* list_of(const nsameta_target& target);
  const list& make(const nsameta_target& target, std::atomic<const list*>* slot);

  registry& backends_;
  std::array<std::array<std::atomic<const list*>, listed_devices>, 5> lists_{};  // by kind of target; null: not made
};

}  // namespace nsameta
