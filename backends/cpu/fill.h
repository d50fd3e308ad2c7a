/// The ways through a batch. All write the same bits.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta::cpu {

/// The backend's variants, by their indices.
enum variant : std::int32_t {
  variant_auto,    ///< one thread below least_elements(), counted first where that can matter
  variant_serial,  ///< the calling thread, without an arena of oneTBB and without allocating
  variant_tbb      ///< the caller's arena, isolated: a thread that waits here takes up no other work of the caller's
};

/// `grain`: rows or requests that a task takes at least; 0: those that hold tuning::task_elements. Where oneTBB may not
/// be used (cpu/scheduler.h), every variant is serial.
void fill(const nsameta_problem&, const nsameta_outputs&, variant, std::int64_t grain = 0);

/// The elements that a fill counts, as far as the host can bound them without reading a length.
std::int64_t bound_elements(const nsameta_problem&, const nsameta_outputs&);

/// Elements from which on variant_auto takes more than one thread; more than there can be where it has no other.
std::int64_t least_elements(const nsameta_problem&, const nsameta_outputs&);

}  // namespace nsameta::cpu
