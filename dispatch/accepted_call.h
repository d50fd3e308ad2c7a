/// The last call that a thread had accepted. Validation and selection for an explicit target are pure functions of what
/// the caller's structures hold and of things that never change (the frozen override, probed backends, NSAMETA_LOG), so
/// a call that is equal byte for byte has the same answer; comparing is several times cheaper than checking again. With
/// NSAMETA_DEVICE_AUTO the answer also depends on where memory is, and nothing is kept.
#pragma once

#include <cstring>

#include "contenders.h"

namespace nsameta {

class accepted_call {
 public:
  /// What was chosen for an equal call of the same dispatcher; null if the last one was another.
  const contender* recall(std::uint64_t dispatcher, const nsameta_problem& problem, const nsameta_outputs& outputs,
                          const nsameta_target& target) const noexcept {
    const bool equal = dispatcher_ == dispatcher && std::memcmp(&target_, &target, sizeof target) == 0 &&
                       std::memcmp(&problem_, &problem, sizeof problem) == 0 &&
                       std::memcmp(&outputs_, &outputs, sizeof outputs) == 0;
    return equal ? &chosen_ : nullptr;
  }

  void keep(std::uint64_t dispatcher, const nsameta_problem& problem, const nsameta_outputs& outputs,
            const nsameta_target& target, const contender& chosen) noexcept {
    dispatcher_ = dispatcher;
    std::memcpy(&problem_, &problem, sizeof problem);  // padding too, which an assignment may leave out
    std::memcpy(&outputs_, &outputs, sizeof outputs);
    target_ = target;
    chosen_ = chosen;
  }

 private:
  std::uint64_t dispatcher_ = 0;  // 0: nothing kept
  nsameta_problem problem_{};
  nsameta_outputs outputs_{};
  nsameta_target target_{};
  contender chosen_{};
};

}  // namespace nsameta
