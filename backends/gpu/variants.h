/// The kernel variants of the GPU backends: one kernel source, built per block size.
#pragma once

#include <array>

namespace nsameta::gpu {

struct variant {
  const char* name;
  int block_threads;  ///< a multiple of every warp width
};

inline constexpr std::array<variant, 2> variants{{{"block256", 256}, {"block1024", 1024}}};
inline constexpr int variant_count = static_cast<int>(variants.size());

/// Names alone, null-terminated, as backend_interface wants them.
inline constexpr const char* variant_names[variant_count + 1] = {variants[0].name, variants[1].name, nullptr};

}  // namespace nsameta::gpu
