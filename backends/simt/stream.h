/// Streams and graphs of the virtual devices. A stream's work runs at once, on the calling thread, so streams hold
/// nothing but a capture in progress. As on real devices, one thread at a time uses a stream.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "gpu/runtime.h"
#include "simt/error.h"

namespace nsameta::simt {

/// A kernel's parameters, of whichever type, by value: as many bytes as every vendor takes.
struct kernel_arguments {
  alignas(std::max_align_t) std::array<std::byte, 4096> bytes;
};

struct kernel_launch {
  int device, kernel;
  gpu::launch_shape shape;
  kernel_arguments arguments;
};

struct memory_copy {
  void* to;
  const void* from;
  std::size_t bytes;
};

using operation = std::variant<kernel_launch, memory_copy>;

/// What a capture recorded, in order.
using graph = std::vector<operation>;

class stream {
 public:
  explicit stream(int device) : device_(device) {}
  /// Drops a capture in progress; on the thread that began it.
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  int device() const { return device_; }
  bool capturing() const { return recording_ != nullptr; }
  void record_operation(const operation& what) { recording_->push_back(what); }

  /// A thread captures on one stream at a time.
  error begin_capture();
  error end_capture(graph*& captured);

  /// Makes end_capture fail.
  void spoil_capture() { spoiled_ = true; }
  /// The stream on which the calling thread began a capture, or null.
  static stream* capturing_on_this_thread();

 private:
  const int device_;
  bool spoiled_ = false;
  std::unique_ptr<graph> recording_;
};

/// Refuses, and spoils the capture, if the calling thread began one: for calls that real devices refuse then.
error refuse_during_capture();

}  // namespace nsameta::simt
