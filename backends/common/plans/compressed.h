/// Caches whose entries stand for several tokens each. A row that sees v positions sees the entries of whole groups of
/// `ratio` among them.
#pragma once

#include "common/plans/lists.h"
#include "problem.h"

namespace nsameta {

/// Entries in a request's cache before a step and after it, on all ranks together.
struct entry_counts {
  std::int64_t past, now;
};

/// past_lens, kv_lens and cu_new_lens.
struct compressed_requests_rule {
  small_divisor ratio;
  std::int32_t limit;  ///< positions of a cache at most
  std::int32_t most;   ///< new entries that a request counts

  static compressed_requests_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {small_divisor::of(plan.ratio), lengths_of(problem).limit,
            static_cast<std::int32_t>(share_of_request(problem))};
  }
  NSAMETA_HOST_DEVICE entry_counts counts(const request& r) const {
    const std::int64_t now = entries(r.kv_len);
    return {r.is_padding ? now : entries(larger(r.first - 1, std::int64_t{0})), now};
  }
  NSAMETA_HOST_DEVICE std::int32_t added(const entry_counts& counts) const {
    return static_cast<std::int32_t>(smaller(counts.now - counts.past, std::int64_t{most}));
  }
  NSAMETA_HOST_DEVICE std::uint32_t bits(const entry_counts& counts) const {
    return bit_if(counts.now - counts.past > most, NSAMETA_BIT_LENGTH_OVERFLOW);
  }

 private:
  NSAMETA_HOST_DEVICE std::int64_t entries(std::int64_t positions) const {
    return ratio.quotient(static_cast<std::int32_t>(smaller(positions, std::int64_t{limit})));
  }
};

/// Where the entries of a cache lie: blocks of them in the pages of req_to_token.
struct entry_places {
  small_divisor ratio;
  small_divisor page;           ///< of req_to_token, positions
  small_divisor blocks_a_page;  ///< or 1
  std::int32_t block;           ///< entries, on each rank

  static entry_places of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const std::int64_t blocks_a_page = problem.page_size / (std::int64_t{plan.block} * plan.ratio);
    return {small_divisor::of(plan.ratio), small_divisor::of(problem.page_size),
            small_divisor::of(larger(static_cast<std::int32_t>(blocks_a_page), 1)), plan.block};
  }
  /// Positions from one block of a request to the next.
  NSAMETA_HOST_DEVICE std::int64_t span() const { return std::int64_t{block} * ratio.value; }
  NSAMETA_HOST_DEVICE bool has_block(const key_slots& keys, std::int32_t number) const {
    return number * span() < keys.tokens.width;
  }
  /// The name of a request's block that its row of req_to_token has. It must be there.
  NSAMETA_HOST_DEVICE std::int64_t name_of(const std::int32_t* tokens, std::int32_t number) const {
    const std::int32_t looked_up = blocks_a_page.quotient(number);
    const std::int64_t position = blocks_a_page.value > 1 ? std::int64_t{looked_up} * page.value : number * span();
    return std::int64_t{page.floor(tokens[position])} * blocks_a_page.value + number - looked_up * blocks_a_page.value;
  }
  /// The bits that a request raises whose blocks up to `number` are asked for.
  NSAMETA_HOST_DEVICE std::uint32_t bits(const key_slots& keys, std::int64_t index, std::int32_t number) const {
    if (!keys.has_row(keys.row_of(index))) return NSAMETA_BIT_BAD_SLOT;
    return bit_if(!has_block(keys, number), NSAMETA_BIT_CONTEXT_EXCEEDED);
  }
};

/// seq_lens, seq_lens_clamp1, sparse_lens, positions and out_loc.
struct compressed_rows_rule {
  /// The plan's buffers, by their names.
  enum buffer { seq_lens, seq_lens_clamp1, sparse_lens, positions, out_loc, buffers };
  static_assert(buffers == plan_rows::compressed_rows_buffers.size());

  // Small, because kernels get the rule of each plan among their arguments.
  entry_places places;
  small_divisor column;  ///< entries of a block on all ranks together
  std::int32_t topk, no_slot;
  std::int32_t most;  ///< rows that a request counts
  list_room<buffers> held;

  static compressed_rows_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const std::int64_t column = std::int64_t{plan.block} * problem.kv_shard.size;
    return {.places = entry_places::of(plan, problem),
            .column = small_divisor::of(static_cast<std::int32_t>(smaller(column, int32_max))),
            .topk = entries_read(plan),
            .no_slot = plan.no_slot,
            .most = static_cast<std::int32_t>(share_of_request(problem)),
            .held = list_room<buffers>::of(plan, 0)};
  }
  /// Entries that a row reads at most.
  static std::int32_t entries_read(const nsameta_plan& plan) {
    return plan.topk > 0 ? plan.topk : static_cast<std::int32_t>(int32_max);
  }

  /// What a row's fields hold.
  struct row {
    std::int32_t entries, position;
    std::int64_t slot;
  };
  NSAMETA_HOST_DEVICE std::int32_t clamped(std::int32_t entries) const { return smaller(larger(entries, 1), topk); }
  /// Of request `index`; it would see `seen` positions on all ranks together, if there were no limit.
  NSAMETA_HOST_DEVICE row row_of(const shard_constants& fixed, std::int64_t index, std::int64_t seen) const {
    const small_divisor& ratio = places.ratio;
    const auto v = static_cast<std::int32_t>(larger(smaller(seen, fixed.limit), std::int64_t{0}));
    const std::int32_t groups = ratio.quotient(v);
    const bool finishes = v > 0 && seen <= fixed.limit && groups * ratio.value == v;
    const std::int32_t first = v > 0 ? ratio.quotient(v - 1) * ratio.value : -ratio.value;
    return {static_cast<std::int32_t>(fixed.kv_shard(groups)), first,
            finishes && held.capacity[out_loc] >= 0 ? slot_of(fixed, index, groups - 1) : no_slot};
  }

  /// The rows that a request counts, and the bits of the last entry that they finish: no other is further on.
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    const small_divisor& ratio = places.ratio;
    listed_part part = listed_part::of_rows(r.rows, most);
    const std::int64_t reach = smaller(r.first + part.count - 1, fixed.limit), first = larger(r.first, std::int64_t{1});
    if (held.capacity[out_loc] >= 0 && !r.is_padding && reach >= first)
      if (const std::int32_t groups = ratio.quotient(static_cast<std::int32_t>(reach)); groups * ratio.value >= first)
        part.bits |= places.bits(fixed.keys, index, column.quotient(groups - 1));
    return part;
  }

 private:
  /// Where an entry of a request is written; -1 where the table does not say, no_slot where another rank has it.
  NSAMETA_HOST_DEVICE std::int64_t slot_of(const shard_constants& fixed, std::int64_t index, std::int32_t entry) const {
    const std::int32_t* const tokens = fixed.keys.tokens_of(index);
    const std::int32_t number = column.quotient(entry);
    if (tokens == nullptr || !places.has_block(fixed.keys, number)) return -1;
    const std::int64_t own = fixed.kv_shard.own(entry - number * column.value);
    return own < 0 ? no_slot : places.name_of(tokens, number) * places.block + own;
  }
};

}  // namespace nsameta
