/// The ways through a batch. All write the same bits.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta::cpu {

/// Indices of the backend's variants.
enum variant : std::int32_t { variant_auto, variant_serial, variant_tbb };

/// Counts what there is to write, then takes one thread or several: fill_parallel from tuning::parallel_elements on.
/// Below that it enters no arena and does not allocate.
void fill_counted(const nsameta_problem&, const nsameta_outputs&);

/// On the calling thread, without allocating.
void fill_serial(const nsameta_problem&, const nsameta_outputs&);

/// On the caller's TBB arena, isolated: a thread that waits here takes up no other work of the caller's. Tasks take
/// `grain` rows or requests at least. Where oneTBB may not be used (cpu/scheduler.h), as fill_serial.
void fill_parallel(const nsameta_problem&, const nsameta_outputs&, std::int64_t grain);

/// The elements that fill_counted counts, as far as the host can bound them without reading a length: tuning::
/// parallel_elements where there may be so many or more.
std::int64_t bound_elements(const nsameta_problem&, const nsameta_outputs&);

/// The rows that hold tuning::task_elements.
std::int64_t task_rows(const nsameta_outputs&);

}  // namespace nsameta::cpu
