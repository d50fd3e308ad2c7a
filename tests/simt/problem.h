/// A decode batch of three requests, its outputs, and what they must come to.
#pragma once

#include <array>
#include <cstdint>

#include "gpu/arguments.h"

namespace nsameta::simt {

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
