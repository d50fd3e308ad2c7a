/// What a step with DeepSeek V4's caches is without plans in one launch: a kernel for each function, as engines have
/// it.
#pragma once

#include <cuda_runtime_api.h>

#include "nsameta/nsameta.h"

namespace nsameta::bench {

/// The engine's five vectors, and plans of compressed caches of ratios 4 and 128 and of a window, in pages of 256 and
/// columns 64 at a time: 22 launches in a decode, 23 in a target_verify of 4 rows a request. Lengths, slots and
/// `full_to_swa` are int32 and contiguous, and every position is in the tables. Plans have all their buffers.
///
/// Rows, and requests, have a thread each. A sum or a list is of one block, and in order. A table has a thread for each
/// element of the width that it is captured with, as the host does not know lengths; but what the library keeps is not
/// written. What is known when an engine compiles its kernels is a constant. Each kernel begins when the one before has
/// ended.
///
/// In a decode 14 of these do what an engine's decode needs. The others are the entries of requests, events and
/// carries.
void launch_caches_separately(const nsameta_problem& problem, const nsameta_outputs& outputs, cudaStream_t stream);

}  // namespace nsameta::bench
