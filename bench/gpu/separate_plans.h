/// The designs that plans in one launch replace: a kernel for each plan, as their libraries lay them out.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta::bench {

/// Lengths as decode has them, int32 and contiguous; `plan` as nsameta_fill takes it. Up to 4,096 requests.
///
/// PAGED_MQA, of version dg-2026-06 and one row a request: one warp adds up the splits, then each of its lanes searches
/// for the beginnings of some SMs. FLASHMLA, dense: one warp counts blocks, then one thread walks part by part. TOPK:
/// one block counts the rows above each threshold, then lists those above the one it chose, in no order.
void launch_separately(const nsameta_plan& plan, const std::int32_t* lengths, int requests, cudaStream_t stream);

}  // namespace nsameta::bench
