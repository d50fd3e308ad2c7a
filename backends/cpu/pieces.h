/// Work in pieces, each a task of oneTBB.
///
/// ThreadSanitizer is told what oneTBB's own code, which is not built with it, does not show: what the caller did comes
/// before every task, and what the tasks did before what the caller does next. Tasks stay without order among
/// themselves, so that a race between two of them is found.
#pragma once

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>

#include <cstddef>
#include <cstdint>

#include "common/sanitizer.h"
#if NSAMETA_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace nsameta::cpu {

/// A point in the order of things, the same for all threads.
struct order_point {
#if NSAMETA_THREAD_SANITIZER
  void leave() { __tsan_release(this); }
  void reach() { __tsan_acquire(this); }
#else
  void leave() {}
  void reach() {}
#endif
};

inline order_point forked, joined;

/// Calls `work(begin, end)` for pieces of [0, count) of about `piece` or more, one a thread, and returns when all are
/// done. The same threads take the same pieces from call to call, so that memory stays with who touched it first.
template <class Work>
void in_pieces(std::int64_t count, std::int64_t piece, const Work& work) {
  using range = tbb::blocked_range<std::int64_t>;
  if (count <= piece) {
    if (count > 0) work(0, count);
    return;
  }
  forked.leave();
  tbb::parallel_for(
      range(0, count, static_cast<std::size_t>(piece)),
      [&](const range& part) {
        forked.reach();
        work(part.begin(), part.end());
        joined.leave();
      },
      tbb::static_partitioner());
  joined.reach();
}

}  // namespace nsameta::cpu
