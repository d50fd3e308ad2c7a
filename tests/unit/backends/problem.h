/// A decode batch of three requests, its outputs, what they must come to, and a kernel for it.
#pragma once

#include <array>
#include <cstdint>

#include "gpu/kernels.h"

namespace nsameta::simt {

/// The kernel that serves it.
inline constexpr int small_kernel = gpu::kernel_id<gpu::vectors_kernel<false>>;

struct small_problem {
  std::array<std::int32_t, 3> seq_lens{7, 0, 5000};
  std::array<std::int32_t, 3> nsa_cache_seqlens{-1, -1, -1};
  std::array<std::int32_t, 4> cu_seqlens_k{-1, -1, -1, -1};

  nsameta_problem problem;
  nsameta_outputs outputs;
  gpu::vector_arguments plan;
  /// States the problem, which points into this object, and returns the kernel's arguments.
  const gpu::vector_arguments& arguments();
  /// Checks the outputs against the lengths as they now are.
  void check() const;
  bool untouched() const { return nsa_cache_seqlens[0] == -1 && cu_seqlens_k[3] == -1; }
};

}  // namespace nsameta::simt
