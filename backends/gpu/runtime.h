/// The runtime shim: the vendor calls that a GPU backend makes, under neutral names. cuda/runtime.h, hip/runtime.h and
/// simt/runtime.h each implement it; the host side of the backends (module.h) is written once over it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "backend.h"

namespace nsameta::gpu {

/// A grid.
struct launch_shape {
  int blocks;             ///< of each set of outputs
  int sets;               ///< rows of blocks
  bool overlaps = false;  ///< may start before the kernels that precede it in the stream have ended, where hardware can
};

/// Static functions only. Each returns `R::error`, and `R::success` when all went well.
///
///   kind, name, version()                      constants of the backend
///   error_text(e)                              "an illegal memory access (700)"
///   is_out_of_memory(e)
///   probe_state(e)                             which backend state a failed device_count means
///   device_count(int&)
///   describe(int, nsameta_device_info&)        without making the device current, which would cost a context
///   get_device(int&), set_device(int)          the calling thread's current device
///   pending_error(), clear_error()             the thread's sticky last error: read it, reset it
///   locate(const void*, memory_place&)
///   load(int kernel)                           makes the kernel of that kernel_id resident on the current device
///   launch(int kernel, launch_shape, const void* arguments, void* stream)   arguments: of the kernel's type for them
///   is_capturing(void* stream, bool&)
///   allocate(size_t, void*&), release(void*)   on the current device
///   copy(void*, const void*, size_t, void* stream)   enqueued; any direction
///   synchronize(void* stream)
///   create_stream(void*&), destroy_stream(void*)
///   begin_capture(void* stream), end_capture(void* stream, void*& graph)   graph: ready to launch
///   launch_graph(void* graph, void* stream), destroy_graph(void*)
///   beside_captures                            a guard: meanwhile the thread may make calls that captures forbid, and
///                                              the captures of other threads stay whole
template <class R>
concept device_runtime = requires(int& count, bool& flag, void*& pointer, nsameta_device_info& info,
                                  memory_place& place, typename R::error e) {
  typename R::beside_captures;
  { R::kind } -> std::convertible_to<nsameta_device_kind>;
  { R::name } -> std::convertible_to<const char*>;
  { R::version() } -> std::convertible_to<const char*>;
  { R::error_text(e) } -> std::convertible_to<const char*>;
  { R::is_out_of_memory(e) } -> std::same_as<bool>;
  { R::probe_state(e) } -> std::same_as<nsameta_backend_state>;
  { R::device_count(count) } -> std::same_as<typename R::error>;
  { R::describe(0, info) } -> std::same_as<typename R::error>;
  { R::get_device(count) } -> std::same_as<typename R::error>;
  { R::set_device(0) } -> std::same_as<typename R::error>;
  { R::pending_error() } -> std::same_as<typename R::error>;
  { R::clear_error() } -> std::same_as<typename R::error>;
  { R::locate(pointer, place) } -> std::same_as<typename R::error>;
  { R::load(0) } -> std::same_as<typename R::error>;
  { R::launch(0, launch_shape{1, 1}, pointer, pointer) } -> std::same_as<typename R::error>;
  { R::is_capturing(pointer, flag) } -> std::same_as<typename R::error>;
  { R::allocate(std::size_t{}, pointer) } -> std::same_as<typename R::error>;
  { R::release(pointer) } -> std::same_as<typename R::error>;
  { R::copy(pointer, pointer, std::size_t{}, pointer) } -> std::same_as<typename R::error>;
  { R::synchronize(pointer) } -> std::same_as<typename R::error>;
  { R::create_stream(pointer) } -> std::same_as<typename R::error>;
  { R::destroy_stream(pointer) } -> std::same_as<typename R::error>;
  { R::begin_capture(pointer) } -> std::same_as<typename R::error>;
  { R::end_capture(pointer, pointer) } -> std::same_as<typename R::error>;
  { R::launch_graph(pointer, pointer) } -> std::same_as<typename R::error>;
  { R::destroy_graph(pointer) } -> std::same_as<typename R::error>;
};

}  // namespace nsameta::gpu
