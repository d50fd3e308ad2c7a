#include "simt/kernels.h"

#include <atomic>
#include <new>
#include <utility>

#include "gpu/kernels.h"
#include "simt/executor.h"

namespace nsameta::simt {
namespace {

template <class K, int warp_width>
std::string run_kernel(const kernel_launch& launch) {
  static_assert(gpu::thread_context<thread_context<warp_width>>);
  const auto& arguments = *reinterpret_cast<const typename K::arguments*>(launch.arguments.bytes.data());
  const auto run = [&](thread_context<warp_width>& self, typename K::shared& shared) {
    K::run(self, arguments, shared);
  };
  return run_grid<warp_width, typename K::shared>(launch.shape.blocks, K::block_threads, run, launch.shape.sets);
}

struct kernel {
  std::string (*run[device_count])(const kernel_launch&);
  std::size_t arguments_size;
  std::atomic<bool> loaded[device_count];
};

template <class... K>
kernel& kernel_of(int id, gpu::type_list<K...>) {
  static_assert(((sizeof(typename K::arguments) <= sizeof(kernel_arguments)) && ...));
  static constinit kernel all[] = {
      {{run_kernel<K, warp_widths[0]>, run_kernel<K, warp_widths[1]>}, sizeof(typename K::arguments), {}}...};
  return all[id];
}
kernel& kernel_of(int id) { return kernel_of(id, gpu::kernels{}); }

}  // namespace

bool is_kernel(int kernel) { return kernel >= 0 && kernel < gpu::kernel_count; }

std::size_t arguments_size(int kernel) { return kernel_of(kernel).arguments_size; }

void load_kernel(int device, int kernel) { kernel_of(kernel).loaded[device] = true; }

bool is_loaded(int device, int kernel) { return kernel_of(kernel).loaded[device]; }

error run(const kernel_launch& launch) {
  try {
    if (std::string failure = kernel_of(launch.kernel).run[launch.device](launch); !failure.empty())
      return record_fault(std::move(failure));
    return error::none;
  } catch (const std::bad_alloc&) {
    return record(error::out_of_memory);
  }
}

}  // namespace nsameta::simt
