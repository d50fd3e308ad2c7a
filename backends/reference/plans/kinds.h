/// The plans, one file a kind, walked part by part and row by row as the attention libraries walk them on one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plans.h"
#include "reference/fill.h"

namespace nsameta::reference {

/// Where a plan's rows go, one after another.
class row_writer {
 public:
  explicit row_writer(const nsameta_vector& out) : to_(static_cast<std::int32_t*>(out.data)) {}
  template <std::size_t columns>
  void put(const std::int64_t (&row)[columns]) {
    for (const std::int64_t word : row) *to_++ = static_cast<std::int32_t>(word);
  }

 private:
  std::int32_t* to_;
};

/// Rows of a list one after another, as far as it goes.
class row_list {
 public:
  row_list(const nsameta_vector& out, std::int64_t columns)
      : words_(out), columns_(columns), most_(out.data == nullptr ? 0 : out.capacity / columns), is_wanted_(out.data) {}
  template <std::size_t columns>
  void put(const std::int64_t (&row)[columns]) {
    if (rows_++ < most_) words_.put(row);
  }
  /// Writes how many there are, and what is beyond them.
  void finish(const nsameta_plan& plan, std::int32_t& status) {
    row_writer(plan.buffers[0]).put({rows_});
    if (is_wanted_ && rows_ > most_) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    if (plan.invalid_tail == 0) return;
    for (; rows_ < most_; ++rows_)
      if (columns_ == 4)
        words_.put({-1, 0, -1, -1});
      else
        words_.put({-1, -1});
  }

 private:
  row_writer words_;
  std::int64_t columns_, most_, rows_ = 0;
  bool is_wanted_;
};

inline std::int64_t rounded_up(std::int64_t count, std::int64_t by) { return (count + by - 1) / by; }

/// As many units as a request may count, so that those of the whole batch fit int32.
std::int64_t within_share(std::int64_t units, std::int64_t share, std::int32_t& status);

/// That share, where all rows of the batch may count.
std::int64_t share_of(const batch& requests);

/// What a request's row of req_to_token calls block `number` of a compressed cache; none, and a bit, where there is no
/// such row or column.
std::optional<std::int64_t> block_name(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                                       std::int64_t number, std::int32_t& status);

/// Where an entry of such a cache is on this rank; -1 where its block has no name, no_slot where another rank has it.
std::int64_t slot_of_entry(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                           std::int64_t entry, std::int32_t& status);

/// Tokens that an entry is made from.
std::int64_t tokens_of_window(const nsameta_plan& plan);

/// Whether the row of token `j` is the last of an entry.
bool finishes_entry(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t j);

/// The last of a request's first `rows` rows that context_limit leaves a key to; -1: none.
std::int64_t last_written(const nsameta_problem& problem, const request& r, std::int64_t rows);

/// What each row of the batch sees on this rank.
std::vector<std::int64_t> lengths_of_rows(const nsameta_problem& problem, const batch& requests);

/// Where a part begins or ends.
struct cursor {
  std::int64_t request, block, split;
};

/// How requests are cut, of so many blocks each.
struct cut_line {
  std::vector<cursor> begins;        ///< of each part, and the last one's end
  std::vector<std::int64_t> pieces;  ///< of each request
};

/// The walk that FlashMLA and aiter's fast form have in common. A part has a budget of its share and of one overhead.
cut_line walk(const std::vector<std::int64_t>& blocks, std::int64_t overhead, std::int64_t shares, std::int32_t parts);

/// What writes a plan; it raises length_overflow where a request counts fewer units than its length has.
using plan_writer = void(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                         std::int32_t& status);
plan_writer write_paged_mqa, write_flashmla, write_topk, write_aiter, write_page_list, write_logits_rows,
    write_dcp_local, write_zigzag, write_context_lens, write_compressed_rows, write_compressed_requests,
    write_compressed_indices, write_compressed_blocks, write_window, write_compressed_events, write_compressed_carries,
    write_ragged_rows, write_ragged_blocks, write_state_decode, write_state_compress, write_state_write,
    write_compressed_candidates, write_local_slots;

}  // namespace nsameta::reference
