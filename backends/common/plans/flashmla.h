/// FlashMLA's tiles of the attention.
#pragma once

#include "common/plans/line.h"
#include "plans.h"

namespace nsameta {

/// tile_scheduler_metadata and num_splits. The line is one of blocks, each request's `overhead` behind its own. A part
/// begins at a place x within a request's blocks and ends at x + step, or at the first boundary that lies within one
/// overhead behind.
struct tile_rule {
  divisor block;
  std::int64_t most;  ///< blocks that a request counts
  std::int32_t parts, overhead;
  std::int32_t topk, extra_topk;  ///< 0: dense; 0: no second cache
  bool layout_2025;

  static tile_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {.block = divisor::of(plan.block),
            .most = share_of_request(problem),
            .parts = plan.parts,
            .overhead = plan.overhead,
            .topk = plan.topk,
            .extra_topk = plan.extra_topk,
            .layout_2025 = plan.preset == NSAMETA_FLASHMLA_2025};
  }

  NSAMETA_HOST_DEVICE bool is_too_long(std::int64_t length) const { return units_of(length, block) > most; }
  /// Keys of a request whose sparse attention reads so many, of the second cache `extra`.
  NSAMETA_HOST_DEVICE std::int64_t sparse_length(std::int64_t keys, std::int64_t extra) const {
    constexpr std::int64_t far = std::int64_t{1} << 40;  // beyond what any request counts
    const std::int64_t own = smaller(larger(keys, std::int64_t{1}), far);
    if (extra_topk == 0) return own;
    return block.quotient(own + block.value - 1) * block.value + smaller(larger(extra, std::int64_t{0}), far);
  }
  NSAMETA_HOST_DEVICE std::int32_t blocks(std::int64_t length) const {
    return static_cast<std::int32_t>(smaller(units_of(length, block), most));
  }
  NSAMETA_HOST_DEVICE std::int32_t cost(std::int64_t length) const { return larger(blocks(length), 1) + overhead; }

  /// A row's words.
  struct row {
    std::int32_t word[8];
  };
  /// `last_blocks`: of the last request's keys, where the part ends with it.
  NSAMETA_HOST_DEVICE row row_of(const line_part& p, std::int32_t step, std::int32_t last_blocks) const {
    const std::int32_t begin_block = p.begin - p.request_begin;
    const bool cuts_last = p.end < p.last_end;
    const std::int32_t end_block = cuts_last ? p.end - p.last_begin : last_blocks;
    // Parts that begin within a request are `step` apart, the first at most that far behind the request's begin.
    const std::int32_t begin_split = begin_block == 0 ? 0 : (begin_block + step - 1) / step;
    return in_layout(p.request, p.last, begin_block, end_block, begin_split, begin_block > 0 || p.end < p.request_end,
                     cuts_last || p.begin > p.last_begin);
  }
  /// The row of a part without work, of `requests`, the first of which costs `first_cost`.
  NSAMETA_HOST_DEVICE row idle(std::int32_t requests, std::int32_t first_cost, std::int32_t last_blocks) const {
    if (requests == 0) return in_layout(0, -1, 0, 0, 0, false, false);
    return in_layout(requests, requests - 1, first_cost - overhead - 1, last_blocks, 0, false, false);
  }

 private:
  NSAMETA_HOST_DEVICE row in_layout(std::int32_t begin_req, std::int32_t end_req, std::int32_t begin_block,
                                    std::int32_t end_block, std::int32_t begin_split, bool first_is_split,
                                    bool last_is_split) const {
    if (layout_2025) return {{begin_req, begin_block, end_req, end_block, begin_split, 0, 0, 0}};
    return {{begin_req, end_req, begin_block, end_block, begin_split, first_is_split, last_is_split, 0}};
  }
};

}  // namespace nsameta
