/// The kernels as the virtual devices run them, each known by its gpu::kernel_id.
#pragma once

#include <cstddef>

#include "simt/error.h"
#include "simt/stream.h"

namespace nsameta::simt {

inline constexpr int device_count = 2;
inline constexpr int warp_widths[device_count] = {32, 64};

/// Whether there is such a kernel, and the bytes of its arguments.
bool is_kernel(int kernel);
std::size_t arguments_size(int kernel);

/// Makes a kernel resident on a device. Idempotent, thread-safe.
void load_kernel(int device, int kernel);
bool is_loaded(int device, int kernel);

/// Runs a launch to its end on the calling thread; error::kernel_fault comes recorded.
error run(const kernel_launch& launch);

}  // namespace nsameta::simt
