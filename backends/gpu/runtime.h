/// The runtime shim: the vendor calls that a GPU backend makes, under neutral names. cuda/runtime.h, hip/runtime.h and
/// simt/runtime.h each implement it; the host side of the backends (module.h) is written once over it.
/// Around its calls stands what a backend owes its caller: the current device and the pending error stay as they were.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>

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
concept device_runtime = requires(typename R::error e, const void* arguments) {
  typename R::beside_captures;
  { R::kind } -> std::convertible_to<nsameta_device_kind>;
  { R::error_text(e) } -> std::convertible_to<const char*>;
  { R::launch(0, launch_shape{1, 1}, arguments, nullptr) } -> std::same_as<typename R::error>;
};

/// Vendors keep an error as the thread's last one: it is drained, because it is reported here, unless the caller had
/// one pending. Then one stays pending; vendors hold only the latest.
template <device_runtime R>
struct caller_error {
  using error = typename R::error;
  error pending = R::pending_error();

  error drained(error e) const {
    if (e != R::success && pending == R::success) (void)R::clear_error();
    return e;
  }
  /// As a status and a sentence.
  nsameta_status report(error e, const char* what, failure_text* why) const {
    if (drained(e) == R::success) [[likely]]
      return NSAMETA_OK;
    std::snprintf(why->text, sizeof why->text, "%s failed: %s", what, R::error_text(e));
    return R::is_out_of_memory(e) ? NSAMETA_OUT_OF_MEMORY : NSAMETA_DEVICE_ERROR;
  }
};

/// Runs a vendor call that concerns no current device.
template <device_runtime R, class Call>
nsameta_status ask(const char* what, failure_text* why, Call call) {
  const caller_error<R> caller;
  return caller.report(call(), what, why);
}

/// Runs vendor calls with `device` current, and makes the caller's device current again. The switch is skipped when it
/// is current already, which on the hot path costs two thread-local reads. `must_enter`: whether it is an error that
/// the device cannot be made current. A release goes ahead then, so that nothing is leaked: vendors release on any
/// device, but may make a context on the one that is current.
template <device_runtime R, class Call>
nsameta_status call_on(std::int32_t device, const char* what, failure_text* why, Call call, bool must_enter = true) {
  const caller_error<R> caller;
  int callers_device = 0;
  auto entered = caller.drained(R::get_device(callers_device));
  const bool switches = entered == R::success && callers_device != device;
  if (switches) entered = caller.drained(R::set_device(device));  // if it fails, vendors may have switched all the same
  nsameta_status status = must_enter ? caller.report(entered, "making the device current", why) : NSAMETA_OK;
  if (status == NSAMETA_OK) status = caller.report(call(), what, why);
  if (!switches) [[likely]]
    return status;
  // What fails once may pass the second time: vendors hand out errors of earlier work from any call.
  auto left = caller.drained(R::set_device(callers_device));
  if (left != R::success) left = caller.drained(R::set_device(callers_device));
  return status != NSAMETA_OK ? status : caller.report(left, "making the caller's device current again", why);
}

/// The same for a call that makes something, which nobody gets, and `unmake` releases, if the call fails after all.
template <device_runtime R, class Make, class Unmake>
nsameta_status make_on(std::int32_t device, const char* what, failure_text* why, void** out, Make make, Unmake unmake) {
  void* made = nullptr;
  bool is_made = false;
  const nsameta_status status = call_on<R>(device, what, why, [&] {
    const auto error = make(made);
    is_made = error == R::success;
    return error;
  });
  if (status == NSAMETA_OK) {
    *out = made;
  } else if (is_made) {
    (void)caller_error<R>{}.drained(unmake(made));  // vendors release on any device
  }
  return status;
}

template <device_runtime R>
constexpr device_services services() {
  return {
      .allocate =
          [](std::int32_t device, std::size_t bytes, void** out, failure_text* why) {
            [[maybe_unused]] const typename R::beside_captures guard;
            return make_on<R>(
                device, "allocating memory", why, out, [&](void*& memory) { return R::allocate(bytes, memory); },
                R::release);
          },
      .release =
          [](std::int32_t device, void* memory, failure_text* why) {
            [[maybe_unused]] const typename R::beside_captures guard;
            return call_on<R>(device, "releasing memory", why, [&] { return R::release(memory); }, false);
          },
      .copy =
          [](launch_place at, void* to, const void* from, std::size_t bytes, failure_text* why) {
            return call_on<R>(at.device, "copying memory", why, [&] {
              const auto error = R::copy(to, from, bytes, at.stream);
              return error == R::success ? R::synchronize(at.stream) : error;
            });
          },
      .synchronize =
          [](launch_place at, failure_text* why) {
            return call_on<R>(at.device, "synchronizing the stream", why, [&] { return R::synchronize(at.stream); });
          },
      .is_capturing =
          [](launch_place at, bool* capturing, failure_text* why) {
            return call_on<R>(at.device, "asking for the capture state", why,
                              [&] { return R::is_capturing(at.stream, *capturing); });
          },
      .create_stream =
          [](std::int32_t device, void** stream, failure_text* why) {
            return make_on<R>(device, "creating a stream", why, stream, R::create_stream, R::destroy_stream);
          },
      .destroy_stream =
          [](launch_place at, failure_text* why) {
            return call_on<R>(
                at.device, "destroying a stream", why, [&] { return R::destroy_stream(at.stream); }, false);
          },
      .begin_capture =
          [](launch_place at, failure_text* why) {
            void* capture = nullptr;  // the stream's state, with no handle of its own
            return make_on<R>(
                at.device, "beginning a capture", why, &capture, [&](void*&) { return R::begin_capture(at.stream); },
                [&](void* dropped) {
                  const auto error = R::end_capture(at.stream, dropped);
                  return error == R::success ? R::destroy_graph(dropped) : error;
                });
          },
      .end_capture =
          [](launch_place at, void** graph, failure_text* why) {
            return make_on<R>(
                at.device, "ending a capture", why, graph, [&](void*& made) { return R::end_capture(at.stream, made); },
                R::destroy_graph);
          },
      .launch_graph =
          [](launch_place at, void* graph, failure_text* why) {
            return call_on<R>(at.device, "launching a graph", why, [&] { return R::launch_graph(graph, at.stream); });
          },
      .destroy_graph =
          [](std::int32_t device, void* graph, failure_text* why) {
            return call_on<R>(device, "destroying a graph", why, [&] { return R::destroy_graph(graph); }, false);
          },
  };
}

}  // namespace nsameta::gpu
