/// The two ways through a batch. Both write the same bits.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta::cpu {

/// On the calling thread, without allocating.
void fill_serial(const nsameta_problem&, const nsameta_outputs&);

/// On the caller's TBB arena, isolated: a thread that waits here takes up no other work of the caller's. Tasks take
/// `grain` rows or requests at least. While the process exits, as fill_serial.
void fill_parallel(const nsameta_problem&, const nsameta_outputs&, std::int64_t grain);

}  // namespace nsameta::cpu
