#include "simt/stream.h"

#include <utility>

namespace nsameta::simt {
namespace {

/// The stream on which the calling thread began a capture.
thread_local stream* captures_here = nullptr;

}  // namespace

stream::~stream() {
  if (captures_here == this) captures_here = nullptr;
}

error stream::begin_capture() {
  if (captures_here || capturing()) return error::capture_already_begun;
  recording_ = std::make_unique<graph>();
  spoiled_ = false;
  captures_here = this;
  return error::none;
}

error stream::end_capture(graph*& captured) {
  if (captures_here != this) return error::capture_not_begun;
  captures_here = nullptr;
  std::unique_ptr<graph> recorded = std::move(recording_);
  if (spoiled_) return error::capture_invalidated;
  captured = recorded.release();
  return error::none;
}

error refuse_during_capture() {
  if (!captures_here) return error::none;
  captures_here->spoil_capture();
  return error::capture_unsupported;
}

}  // namespace nsameta::simt
