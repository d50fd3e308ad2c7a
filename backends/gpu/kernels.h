/// The kernels of a GPU backend: one source, built per variant and per kind of problem.
#pragma once

#include "common/rules.h"

namespace nsameta::gpu {

/// What selection chooses from.
struct variant {
  const char* name;
  int block_threads;  ///< a multiple of every warp width
};

inline constexpr variant variants[] = {{"block256", 256}, {"block1024", 1024}};

/// Names alone, null-terminated, as backend_interface wants them.
inline constexpr const char* variant_names[] = {variants[0].name, variants[1].name, nullptr};

/// A variant for plain problems (see rules.h) or for all.
struct kernel {
  int block_threads;
  bool plain;
};

inline constexpr kernel kernels[] = {{variants[0].block_threads, true},
                                     {variants[0].block_threads, false},
                                     {variants[1].block_threads, true},
                                     {variants[1].block_threads, false}};
inline constexpr int kernel_count = sizeof kernels / sizeof kernels[0];

/// The index in `kernels` of a variant for a problem.
inline int kernel_for(int variant, const nsameta_problem& problem) { return 2 * variant + (is_plain(problem) ? 0 : 1); }

}  // namespace nsameta::gpu
