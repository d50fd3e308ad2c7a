/// Memory, streams and graphs of a GPU backend, over its runtime shim.
#pragma once

#include "gpu/call_scope.h"

namespace nsameta::gpu {

template <device_runtime R>
typename R::error drop_capture(void* stream) {
  void* graph = nullptr;
  const auto error = R::end_capture(stream, graph);
  return error == R::success ? R::destroy_graph(graph) : error;
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
            return release_on<R>(device, "releasing memory", why, [&] { return R::release(memory); });
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
            return release_on<R>(at.device, "destroying a stream", why, [&] { return R::destroy_stream(at.stream); });
          },
      .begin_capture =
          [](launch_place at, failure_text* why) {
            void* capture = nullptr;  // the stream's state, with no handle of its own
            return make_on<R>(
                at.device, "beginning a capture", why, &capture, [&](void*&) { return R::begin_capture(at.stream); },
                [&](void*) { return drop_capture<R>(at.stream); });
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
            return release_on<R>(device, "destroying a graph", why, [&] { return R::destroy_graph(graph); });
          },
  };
}

}  // namespace nsameta::gpu
