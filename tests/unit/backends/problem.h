/// A decode batch of three requests, its outputs, what they must come to, and a kernel for it.
#pragma once

#include <array>
#include <cstdint>

#include "gpu/kernels.h"

namespace nsameta::simt {

/// A kernel that serves it.
inline constexpr int small_kernel = gpu::kernel_for(0, gpu::reach::vectors, 1);

struct small_problem {
  std::array<std::int32_t, 3> seq_lens{7, 0, 5000};
  std::array<std::int32_t, 3> nsa_cache_seqlens{-1, -1, -1};
  std::array<std::int32_t, 4> cu_seqlens_k{-1, -1, -1, -1};

  /// Points into this object.
  const gpu::fill_arguments<1>& arguments();
  gpu::fill_arguments<1> stated;
  /// Checks the outputs against the lengths as they now are.
  void check() const;
  bool untouched() const { return nsa_cache_seqlens[0] == -1 && cu_seqlens_k[3] == -1; }
};

}  // namespace nsameta::simt
