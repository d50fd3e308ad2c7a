/// The runtime that a process injects faults into, whichever it is, and the backend over it, in CUDA's place.
#pragma once

#include <string_view>

#include "failing.h"
#include "gpu/module.h"

namespace nsameta::test {

struct tested_runtime {
  const backend_interface& (*table)();
  const char* device_text;  ///< what the vendor says of an injected error
  const char* memory_text;  ///< the same of one out of memory
  int (*current_device)();  ///< of the calling thread
  void (*make_current)(int device);
  void (*leave_pending)(bool);  ///< an error of the caller's own, or none
  bool (*is_pending)();
  void (*forget_kernels)();  ///< so that the next fill is a device's first
};

template <gpu::device_runtime R>
tested_runtime tested_runtime_of() {
  using tested = failing<R>;
  static_assert(gpu::device_runtime<tested>);
  return {
      .table = gpu::module<tested>,
      .device_text = R::error_text(vendor_errors<R>::device),
      .memory_text = R::error_text(vendor_errors<R>::out_of_memory),
      .current_device =
          [] {
            int device = -1;
            (void)R::get_device(device);
            return device;
          },
      .make_current = [](int device) { (void)R::set_device(device); },
      .leave_pending =
          [](bool one) {
            (void)tested::clear_error();
            if (one) tested::last = vendor_errors<R>::callers;
          },
      .is_pending = [] { return tested::pending_error() != R::success; },
      .forget_kernels =
          [] {
            for (auto& device : gpu::warm<tested>) device.store(false);
          },
  };
}

tested_runtime simt_runtime();
#if NSAMETA_FAULTS_ON_CUDA
tested_runtime cuda_runtime();
#endif

/// Puts the runtime of that name ("simt", "cuda") to the test, for the whole process. "", or why it cannot be.
const char* choose_runtime(std::string_view name);
const tested_runtime& vendor();

/// Devices of the tested backend.
int device_count();

}  // namespace nsameta::test
