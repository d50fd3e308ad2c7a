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

/// Copies a caller's structure of another size; what it does not have gets its default.
nsameta_status copy_known(const nsameta_problem& given, nsameta_problem* copy) noexcept;
nsameta_status copy_known(const nsameta_outputs& given, nsameta_outputs* copy) noexcept;

/// A caller's problem or outputs as this version knows them: the caller's own where the sizes are equal, else a copy.
/// What is null stays null.
template <class Struct>
class known_struct {
 public:
  explicit known_struct(const Struct* given) noexcept : known_(given) {
    if (given == nullptr || given->struct_size == sizeof(Struct)) [[likely]]
      return;
    status_ = copy_known(*given, &copy_);
    known_ = &copy_;
  }
  known_struct(const known_struct&) = delete;
  known_struct& operator=(const known_struct&) = delete;

  nsameta_status status() const noexcept { return status_; }
  const Struct* get() const noexcept { return known_; }

 private:
  const Struct* known_;
  nsameta_status status_ = NSAMETA_OK;
  Struct copy_;
};

/// Calls `run` with the two that a call has.
template <class Run>
nsameta_status with_known(const nsameta_problem* problem, const nsameta_outputs* outputs, Run run) {
  const known_struct what(problem);
  if (what.status() != NSAMETA_OK) [[unlikely]]
    return what.status();
  const known_struct into(outputs);
  if (into.status() != NSAMETA_OK) [[unlikely]]
    return into.status();
  return run(what.get(), into.get());
}

/// The same for an array of outputs, whose elements are as far apart as the first one's size says.
class known_sets {
 public:
  /// Throws std::bad_alloc where the host has no memory for a copy of many.
  known_sets(const nsameta_outputs* given, std::int64_t count);
  known_sets(const known_sets&) = delete;
  known_sets& operator=(const known_sets&) = delete;

  nsameta_status status() const noexcept { return status_; }
  const nsameta_outputs* get() const noexcept { return known_; }

 private:
  const nsameta_outputs* known_;
  nsameta_status status_ = NSAMETA_OK;
  std::array<nsameta_outputs, NSAMETA_SETS_PER_LAUNCH> few_;
  std::unique_ptr<nsameta_outputs[]> many_;
};

/// Checks a caller's decision, which is to be filled in.
nsameta_status check_decision(const nsameta_decision* decision) noexcept;

/// Writes to a checked decision what it has room for.
void store_known(const nsameta_decision& known, nsameta_decision* decision) noexcept;

}  // namespace nsameta
