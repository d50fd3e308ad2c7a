#include "simt/kernels.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

#include "gpu/fill_kernel.h"
#include "gpu/kernels.h"
#include "simt/executor.h"

namespace nsameta::simt {
namespace {

using kernel = std::string (*)(int blocks, int cluster, const void* arguments);

template <int warp_width, int index>
std::string run_fill(int blocks, int cluster, const void* arguments) {
  constexpr gpu::kernel self = gpu::kernel_of<index>;
  using shared_memory = gpu::memory_of<index>;
  const auto& typed = *static_cast<const gpu::arguments_of<index>*>(arguments);
  const auto body = [&](lane<warp_width>& one, shared_memory& shared) { gpu::fill_block<index>(one, typed, shared); };
  return run_grid<warp_width, shared_memory>(blocks, self.block_threads, body, cluster);
}

template <int warp_width, int... index>
constexpr std::array<kernel, gpu::kernel_count> kernels_of_width(std::integer_sequence<int, index...>) {
  return {run_fill<warp_width, index>...};
}

constexpr auto all_kernels = std::make_integer_sequence<int, gpu::kernel_count>();
constexpr std::array<kernel, gpu::kernel_count> kernels[device_count] = {kernels_of_width<warp_widths[0]>(all_kernels),
                                                                         kernels_of_width<warp_widths[1]>(all_kernels)};

std::atomic<bool> loaded[device_count][gpu::kernel_count];

}  // namespace

void load_kernel(int device, int kernel) { loaded[device][kernel] = true; }

bool is_loaded(int device, int kernel) { return loaded[device][kernel]; }

error run(const kernel_launch& launch) {
  try {
    const auto fill = kernels[launch.device][static_cast<std::size_t>(launch.kernel)];
    if (std::string failure = fill(launch.blocks, launch.cluster, launch.arguments.bytes.data()); !failure.empty())
      return record_fault(std::move(failure));
    return error::none;
  } catch (const std::bad_alloc&) {
    return record(error::out_of_memory);
  }
}

}  // namespace nsameta::simt
