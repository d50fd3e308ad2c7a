/// The virtual devices, their streams and graphs. A stream's work runs at once, on the calling thread, so streams hold
/// nothing but a capture in progress. As on real devices, one thread at a time uses a stream.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "simt/error.h"

namespace nsameta::simt {

inline constexpr int device_count = 2;
inline constexpr int warp_widths[device_count] = {32, 64};

/// What a capture recorded, in order.
using graph = std::vector<std::function<error()>>;

class stream {
 public:
  explicit stream(int device) : device_(device) {}
  /// Drops a capture in progress; on the thread that began it.
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  int device() const { return device_; }
  bool capturing() const { return recording_ != nullptr; }
  void record_operation(std::function<error()> operation) { recording_->push_back(std::move(operation)); }

  /// A thread captures on one stream at a time.
  error begin_capture();
  error end_capture(graph*& captured);

  /// Makes end_capture fail.
  void spoil_capture() { spoiled_ = true; }

 private:
  const int device_;
  bool spoiled_ = false;
  std::unique_ptr<graph> recording_;
};

/// Runs an operation on the calling thread, or records it if `in`, which may be null, is capturing.
template <class Operation>
error issue(stream* in, const Operation& operation) {
  if (!in || !in->capturing()) return operation();
  in->record_operation(operation);
  return error::none;
}

/// Refuses, and spoils the capture, if the calling thread began one: for calls that real devices refuse then.
error refuse_during_capture();

}  // namespace nsameta::simt
