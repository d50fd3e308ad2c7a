/// The seam: a runtime shim whose n-th vendor call fails, around a real one.
#pragma once

#include <utility>

#include "fault_plan.h"
#include "gpu/runtime.h"

namespace nsameta::test {

/// Errors of a runtime: `device`, `out_of_memory`, and `callers`, which no test injects.
template <class R>
struct vendor_errors;

/// R, except that `plan` says which call fails. As with every vendor, the error also becomes the thread's last one.
/// What fails is not done, but for releases, waits and the end of a capture: vendors do these, and hand out errors of
/// earlier work.
template <gpu::device_runtime R>
struct failing : R {
  using error = typename R::error;
  static inline thread_local error last = R::success;

  static error pending_error() { return last != R::success ? last : R::pending_error(); }
  static error clear_error() {
    const error vendors = R::clear_error();
    const error injected = std::exchange(last, R::success);
    return injected != R::success ? injected : vendors;
  }

  static error device_count(int& count) {
    return attempt("device_count", [&] { return R::device_count(count); });
  }
  static error describe(int device, nsameta_device_info& info) {
    return attempt("describe", [&] { return R::describe(device, info); });
  }
  static error get_device(int& device) {
    return attempt("get_device", [&] { return R::get_device(device); });
  }
  static error set_device(int device) {
    return attempt(device == plan.caller_device ? "restore" : "set_device", [&] { return R::set_device(device); });
  }
  static error locate(const void* pointer, memory_place& place) {
    return attempt("locate", [&] { return R::locate(pointer, place); });
  }

  static error load(int kernel) {
    return attempt("load", [&] { return R::load(kernel); });
  }
  static error launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
    plan.launched.set(static_cast<std::size_t>(kernel));
    return attempt("launch", [&] { return R::launch(kernel, shape, arguments, stream); });
  }
  static error is_capturing(void* stream, bool& capturing) {
    return attempt("is_capturing", [&] { return R::is_capturing(stream, capturing); });
  }

  static error allocate(std::size_t bytes, void*& memory) {
    return counted(plan.live.memory, attempt("allocate", [&] { return R::allocate(bytes, memory); }));
  }
  static error release(void* memory) {
    --plan.live.memory;
    return spoil("release", R::release(memory));
  }
  static error copy(void* to, const void* from, std::size_t bytes, void* stream) {
    return attempt("copy", [&] { return R::copy(to, from, bytes, stream); });
  }
  static error synchronize(void* stream) { return spoil("synchronize", R::synchronize(stream)); }
  static error create_stream(void*& stream) {
    return counted(plan.live.streams, attempt("create_stream", [&] { return R::create_stream(stream); }));
  }
  static error destroy_stream(void* stream) {
    --plan.live.streams;
    return spoil("destroy_stream", R::destroy_stream(stream));
  }

  static error begin_capture(void* stream) {
    return attempt("begin_capture", [&] { return R::begin_capture(stream); });
  }
  static error end_capture(void* stream, void*& graph) {
    const error ended = R::end_capture(stream, graph);
    const error told = spoil("end_capture", ended);
    if (ended == R::success && told != R::success) (void)R::destroy_graph(std::exchange(graph, nullptr));
    return counted(plan.live.graphs, told);
  }
  static error launch_graph(void* graph, void* stream) {
    return attempt("launch_graph", [&] { return R::launch_graph(graph, stream); });
  }
  static error destroy_graph(void* graph) {
    --plan.live.graphs;
    return spoil("destroy_graph", R::destroy_graph(graph));
  }

 private:
  static error strike() {
    return last = plan.kind.out_of_memory ? vendor_errors<R>::out_of_memory : vendor_errors<R>::device;
  }
  template <class Call>
  static error attempt(const char* name, Call call) {
    return plan.strikes(name) ? strike() : call();
  }
  static error spoil(const char* name, error done) { return plan.strikes(name) ? strike() : done; }
  static error counted(std::int64_t& live, error made) {
    if (made == R::success) ++live;
    return made;
  }
};

}  // namespace nsameta::test
