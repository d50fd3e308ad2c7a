/// Everything that the short-rows kernels do not serve, in int64: long rows, shards, pools, tails, int64 sums, indexer
/// ranges, the status word. A block adds up all requests before its group's and takes the group in tiles of one request
/// a thread. What stands before each request of a tile is left in shared memory, where rows find their request.
#pragma once

#include "common/outcome.h"
#include "gpu/general_outputs.h"
#include "gpu/general_plan.h"

namespace nsameta::gpu {

struct general_memory {
  request_tile tile;
  general_sums warps[2][tuning::block_threads / 32];
  std::uint32_t bits[tuning::block_threads / 32];  ///< of each warp's requests
  located_request last[last_row_count];            ///< requests that hold last_row_written()
};

/// One block's work on one set of outputs.
template <class Rule, thread_context T>
class general_block {
 public:
  NSAMETA_DEVICE general_block(T& self, const nsameta_problem& problem, const nsameta_outputs& out,
                               const batch_lengths& lengths, const Rule& rule, general_memory& shared)
      : self_(self),
        batch_(problem, out, lengths, out.length_offset, rule),
        requests_(lengths.requests),
        shared_(shared) {}

  NSAMETA_DEVICE void run(const general_tasks& tasks) {
    std::int32_t block = self_.block();
    general_task task = tasks.vectors;
    if (block >= task.blocks) {
      block -= task.blocks;
      task = tasks.tables;
      kind_ = task_kind::tables;
    }
    if (block >= task.blocks) {
      block -= task.blocks;
      task = tasks.status;
      kind_ = task_kind::status;
    }
    if (block >= task.blocks) return;
    share_ = {block & ((1 << task.blocks_shift) - 1), 1 << task.blocks_shift};
    row_limit_ = tasks.row_limit;
    if constexpr (Rule::deals)
      if (batch_.rule.may_deal()) batch_.rule.deal_tokens(count_tokens());

    std::int64_t first = (block >> task.blocks_shift) * task.group_requests;
    const std::int64_t end = smaller(first + task.group_requests, requests_);
    if (kind_ == task_kind::status) first = requests_ + 1;  // all are earlier ones
    for (;; first = 0) {
      walk(first, end);
      if (kind_ != task_kind::status) return;
      if (first == 0 || !wants_last_rows()) break;
    }
    write_status();
  }

 private:
  enum class task_kind { vectors, tables, status };

  NSAMETA_DEVICE stated_lengths load(std::int64_t index) const {
    return index < requests_ ? load_lengths(batch_.lengths, index) : stated_lengths{};
  }
  /// A request as loaded; no tokens beyond the batch.
  NSAMETA_DEVICE request request_at(std::int64_t index, const stated_lengths& stated) const {
    return index < requests_ ? request_of(batch_.lengths, batch_.kv_offset, stated) : request{};
  }

  /// The tokens of the batch, to all threads of the block.
  NSAMETA_DEVICE std::int64_t count_tokens() {
    general_sums own{}, all;
    for (std::int64_t index = self_.thread(); index < requests_; index += request_tile::size)
      own.tokens += request_at(index, load(index)).tokens;
    scan(own, request_tile::size, all);
    return all.tokens;
  }

  /// Adds up requests [0, first), and then visits each tile of [first, end): one at least, unless `first` is beyond.
  NSAMETA_DEVICE void walk(std::int64_t first, std::int64_t end) {
    general_sums earlier{}, before{};
    std::int64_t tokens_before = 0;
    std::int64_t tile = 0, index = self_.thread();
    stated_lengths next = load(index);
    do {
      if (tile == first && first > 0) scan(earlier, request_tile::size, before);
      request r = request_at(index, next);
      next = load(index + request_tile::size);  // under way while this one is worked on
      if constexpr (Rule::deals)
        if (batch_.rule.dealt) {  // a request's rows depend on the tokens before it
          general_sums tokens{}, all;
          tokens.tokens = r.tokens;
          const general_sums earlier_tokens = scan(tokens, requests_ - tile, all);
          batch_.rule.deal(r, tokens_before + earlier_tokens.tokens);
          tokens_before += all.tokens;
        }
      const general_sums own = sums_of(r, index);
      if (tile < first) {
        earlier = earlier + own;
      } else {
        general_sums of_tile;
        const general_sums mine = before + scan(own, requests_ - tile, of_tile);
        const general_sums through = before + of_tile;
        visit(index, r, mine, before, through, requests_ - tile);
        before = through;
      }
      tile += request_tile::size;
      index += request_tile::size;
    } while (tile < end);
    if (first > end) scan(earlier, request_tile::size, before);
    all_ = before;
  }

  /// What a request adds. For the status word, its bits are noted too.
  NSAMETA_DEVICE general_sums sums_of(const request& r, std::int64_t index) {
    general_sums sum{};
    sum.tokens = r.tokens;
    bits_ |= r.bits;
    if (index >= requests_ || !batch_.rule.keeps(r)) return sum;
    sum.kept = 1;
    if (kind_ == task_kind::tables) {
      sum.other = table_units(batch_, r, index);
      return sum;
    }
    sum.kv_len = batch_.rule.local(r.kv_len);
    if (present(batch_.out.nsa_cu_seqlens_k)) sum.other = batch_.rule.sum(r, r.rows);
    if (kind_ == task_kind::status && wants_tables(batch_.out))
      bits_ |= batch_.extent_of(r).bits(batch_.problem, index);
    return sum;
  }

  /// Exclusive sums over the block's threads, of which only the first `live` have anything; `all`: over all of them.
  NSAMETA_DEVICE general_sums scan(const general_sums& own, std::int64_t live, general_sums& all) {
    constexpr std::int64_t width = T::warp_width, most = request_tile::size;
    const int warps = static_cast<int>((smaller(live, most) + width - 1) / width);
    general_sums* const of_warps = shared_.warps[scans_++ % 2];  // the others may still be read
    general_sums before{};
    if (warp_of(self_) < warps) {
      general_sums through = own;
      NSAMETA_UNROLL(1)
      for (int delta = 1; delta < T::warp_width; delta *= 2) {
        const general_sums earlier = self_.shuffle_up(through, delta);
        if (lane_of(self_) >= delta) through = earlier + through;
      }
      if (lane_of(self_) == T::warp_width - 1) of_warps[warp_of(self_)] = through;
      before = self_.shuffle_up(through, 1);
      if (lane_of(self_) == 0) before = {};
    }
    self_.barrier();
    all = {};
    NSAMETA_UNROLL(1)
    for (int warp = 0; warp < warps; ++warp) {
      if (warp == warp_of(self_)) before = all + before;
      all = all + of_warps[warp];
    }
    return before;
  }

  /// This thread's request of a tile: `r`, number `index`, which `mine` precedes. `before`, `through`: of the tile.
  /// `live`: requests from the tile's first on.
  NSAMETA_DEVICE void visit(std::int64_t index, const request& r, const general_sums& mine, const general_sums& before,
                            const general_sums& through, std::int64_t live) {
    const std::int64_t number = Rule::deals ? mine.kept : index;  // among those kept
    if (kind_ == task_kind::tables) {
      const std::int64_t row = batch_.problem.mode == NSAMETA_EXTEND ? number : batch_.rule.rows_before(mine.tokens);
      if (index < requests_)
        shared_.tile.store(self_.thread(), row, mine.other, slot_of(batch_.problem, index), r.kv_len, r.rows);
      self_.barrier();
      write_table_units(self_, batch_, shared_.tile, {live, before.other, through.other}, share_);
      return;
    }
    const std::int64_t row = batch_.rule.rows_before(mine.tokens);
    if (kind_ == task_kind::status) return note_last_rows(index, r, mine, row);
    if (index < requests_) {
      shared_.tile.store(self_.thread(), row, mine.other, mine.kv_len, r.first, number);
      if (share_.index == 0 && batch_.rule.keeps(r)) write_request(number, r, mine, row);
    }
    if (live <= request_tile::size) write_ends(through);
    const std::int64_t first_row = batch_.rule.rows_before(before.tokens);
    const std::int64_t end_row = smaller(batch_.rule.rows_before(through.tokens), row_limit_);
    if (first_row >= end_row) return;
    self_.barrier();
    general_rows<Rule, T>(batch_, shared_.tile, {live, first_row, end_row}).write(self_, share_);
  }

  NSAMETA_DEVICE void write_request(std::int64_t number, const request& r, const general_sums& before,
                                    std::int64_t row) const {
    const nsameta_outputs& out = batch_.out;
    if (present(out.cache_seqlens)) store_value(out.cache_seqlens, number, batch_.rule.local(r.kv_len));
    if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, number, before.kv_len);
    if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, number, row);
  }

  static NSAMETA_DEVICE totals totals_of(const general_sums& sums) {
    return {sums.tokens, sums.kv_len, sums.other, 0, sums.kept, 0};
  }

  /// The last elements of the sums, and what is beyond them.
  NSAMETA_DEVICE void write_ends(const general_sums& all) const {
    const totals sums = totals_of(all);
    if (share_.index == 0 && self_.thread() == 0) nsameta::write_ends(batch_, sums);
    const auto set = [&](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
      if (!present(vector)) return;
      const std::int64_t stride = std::int64_t{share_.count} * request_tile::size;
      for (std::int64_t i = live + share_.index * request_tile::size + self_.thread(); i < vector.capacity; i += stride)
        store_sum(vector, i, value);
    };
    for_each_tail(batch_, sums, set);
  }

  NSAMETA_DEVICE bool wants_last_rows() const { return last_row(0) >= 0 || last_row(1) >= 0 || last_row(2) >= 0; }
  NSAMETA_DEVICE std::int64_t last_row(int which) const {
    return last_row_written(batch_.out, batch_.rule.rows_before(all_.tokens), which);
  }

  NSAMETA_DEVICE void note_last_rows(std::int64_t index, const request& r, const general_sums& before,
                                     std::int64_t row) {
    for (int i = 0; i < last_row_count; ++i)
      if (const std::int64_t last = last_row(i); row <= last && last < row + r.rows)
        shared_.last[i] = {index, r, totals_of(before)};
  }

  NSAMETA_DEVICE void write_status() {
    std::uint32_t of_warp = 0;
    NSAMETA_UNROLL(1)
    for (std::uint32_t bit = 1; bit <= NSAMETA_BIT_LENGTH_OVERFLOW; bit *= 2)
      if (self_.ballot((bits_ & bit) != 0) != 0) of_warp |= bit;
    if (lane_of(self_) == 0) shared_.bits[warp_of(self_)] = of_warp;
    self_.barrier();
    if (self_.thread() != 0) return;
    totals all = totals_of(all_);
    for (int warp = 0; warp < request_tile::size / T::warp_width; ++warp) all.bits |= shared_.bits[warp];
    *static_cast<std::uint32_t*>(batch_.out.status.data) =
        status_word(batch_, all, [&](int i, std::int64_t) { return shared_.last[i]; });
  }

  T& self_;
  batch<Rule, tile_columns<T::warp_width>> batch_;
  std::int64_t requests_, row_limit_ = 0;
  general_memory& shared_;
  task_kind kind_ = task_kind::vectors;
  block_share share_{};
  general_sums all_{};
  std::uint32_t bits_ = 0;
  unsigned scans_ = 0;
};

}  // namespace nsameta::gpu
