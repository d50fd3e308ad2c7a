/// Structures that grow. A caller's may be of an older version, and end earlier, or of a newer one, and go on; behind
/// the C interface there is this version's alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "nsameta/nsameta.h"

namespace nsameta {

/// The least that a caller's structure holds: its first fields.
template <class Struct>
inline constexpr std::size_t least_size = 0;
template <>
inline constexpr std::size_t least_size<nsameta_problem> = offsetof(nsameta_problem, extend_seq_lens);
template <>
inline constexpr std::size_t least_size<nsameta_outputs> = offsetof(nsameta_outputs, cu_seqlens_k);
template <>
inline constexpr std::size_t least_size<nsameta_decision> = offsetof(nsameta_decision, row_bound);

/// What a call is given, as this version knows it: the caller's own structures where their sizes are equal, else
/// copies, in which what the caller's do not have has its default. What is null stays null.
class known_call {
 public:
  known_call(const nsameta_problem* problem, const nsameta_outputs* outputs) noexcept
      : problem_(problem), outputs_(outputs) {
    const bool copied = (problem != nullptr && problem->struct_size != sizeof *problem) ||
                        (outputs != nullptr && outputs->struct_size != sizeof *outputs);
    if (copied) [[unlikely]]
      status_ = copy();
  }
  /// With an array of outputs, whose elements are as far apart as the first one's size says. Throws std::bad_alloc
  /// where the host has no memory for a copy of many.
  known_call(const nsameta_problem* problem, const nsameta_outputs* sets, std::int64_t count);
  known_call(const known_call&) = delete;
  known_call& operator=(const known_call&) = delete;

  nsameta_status status() const noexcept { return status_; }
  const nsameta_problem* problem() const noexcept { return problem_; }
  const nsameta_outputs* outputs() const noexcept { return outputs_; }

 private:
  nsameta_status copy() noexcept;

  const nsameta_problem* problem_;
  const nsameta_outputs* outputs_;
  nsameta_status status_ = NSAMETA_OK;
  nsameta_problem problem_copy_;
  std::array<nsameta_outputs, NSAMETA_SETS_PER_LAUNCH> few_;
  std::unique_ptr<nsameta_outputs[]> many_;
};

/// Checks a caller's decision, which is to be filled in.
nsameta_status check_decision(const nsameta_decision* decision) noexcept;

/// Writes to a checked decision what it has room for.
void store_known(const nsameta_decision& known, nsameta_decision* decision) noexcept;

}  // namespace nsameta
