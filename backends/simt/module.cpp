/// The simt backend: the kernels, their launch, and its table.
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

#include "backends.h"
#include "gpu/kernels.h"
#include "gpu/module.h"
#include "simt/executor.h"
#include "simt/runtime.h"

namespace nsameta::simt {
namespace {

/// A kernel's parameters, of whichever type, by value.
struct kernel_arguments {
  alignas(std::max_align_t) std::array<std::byte, gpu::most_argument_bytes> bytes;
};

template <class K, int warp_width>
std::string run_kernel(gpu::launch_shape shape, const kernel_arguments& given) {
  static_assert(gpu::thread_context<thread_context<warp_width>>);
  static_assert(sizeof(typename K::arguments) <= sizeof(kernel_arguments));
  const auto& arguments = *reinterpret_cast<const typename K::arguments*>(given.bytes.data());
  const auto run = [&](thread_context<warp_width>& self, typename K::shared& shared) {
    K::run(self, arguments, shared);
  };
  return run_grid<warp_width, typename K::shared>(shape.blocks, K::block_threads, run, shape.sets);
}

struct kernel {
  std::string (*run[device_count])(gpu::launch_shape, const kernel_arguments&);
  std::size_t arguments_size;
  std::atomic<bool> loaded[device_count];
};

/// Null where there is none of that id.
template <class... K>
kernel* kernel_of(int id, gpu::type_list<K...>) {
  static constinit kernel all[] = {
      {{run_kernel<K, warp_widths[0]>, run_kernel<K, warp_widths[1]>}, sizeof(typename K::arguments), {}}...};
  return id >= 0 && id < gpu::kernel_count ? &all[id] : nullptr;
}
kernel* kernel_of(int id) { return kernel_of(id, gpu::kernels{}); }

}  // namespace

error runtime::load(int id) {
  kernel* const wanted = kernel_of(id);
  if (!wanted) return record(error::invalid_value);
  std::atomic<bool>& loaded = wanted->loaded[current_device];
  if (loaded) return success;
  if (const error refused = refuse_during_capture(); refused != success) return record(refused);
  loaded = true;
  return success;
}

error runtime::launch(int id, gpu::launch_shape shape, const void* arguments, void* stream) {
  const kernel* const wanted = kernel_of(id);
  if (!wanted || shape.blocks < 1 || shape.sets < 1) return record(error::invalid_value);
  if (stream && of(stream)->device() != current_device) return record(error::invalid_stream);
  if (const error e = load(id); e != success) return e;
  kernel_arguments given;
  std::memcpy(given.bytes.data(), arguments, wanted->arguments_size);
  return issue(of(stream), [run = wanted->run[current_device], shape, given] {
    try {
      std::string failure = run(shape, given);
      return failure.empty() ? error::none : record_fault(std::move(failure));
    } catch (const std::bad_alloc&) {
      return record(error::out_of_memory);
    }
  });
}

}  // namespace nsameta::simt

const nsameta::backend_interface& nsameta::simt_backend() { return gpu::module<simt::runtime>(); }
