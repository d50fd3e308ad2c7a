/// Caches whose entries stand for several tokens each. A row that sees v positions sees the entries of whole groups of
/// `ratio` among them.
#pragma once

#include "common/plans/lists.h"
#include "problem.h"

namespace nsameta {

/// The tokens of a step that write a key, by what they see.
struct written_tokens {
  std::int32_t before;  ///< positions before the first one
  std::int32_t last;    ///< what the last one sees; at most `before` where there is none

  /// Of the first `rows` rows of a request.
  static NSAMETA_HOST_DEVICE written_tokens of(const request& r, std::int64_t rows, std::int64_t limit) {
    const std::int64_t last = r.is_padding ? 0 : smaller(r.first + rows - 1, limit);
    return {static_cast<std::int32_t>(smaller(larger(r.first - 1, std::int64_t{0}), int32_max)),
            static_cast<std::int32_t>(larger(last, std::int64_t{0}))};
  }
  /// Entries whose last token is among them.
  NSAMETA_HOST_DEVICE std::int32_t finished(const small_divisor& ratio) const {
    return larger(ratio.quotient(last) - ratio.quotient(before), 0);
  }
};

/// Entries of a request's cache after a step, on all ranks together; none of padding.
NSAMETA_HOST_DEVICE std::int32_t entries_after(const request& r, const small_divisor& ratio, std::int32_t limit) {
  return r.is_padding ? 0 : ratio.quotient(static_cast<std::int32_t>(smaller(r.kv_len, std::int64_t{limit})));
}

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

/// num_events and events.
struct compressed_events_rule {
  static constexpr bool counts = true;  ///< whether the plan's first buffer says how long the list is
  static NSAMETA_HOST_DEVICE int words() { return 4; }
  small_divisor ratio;
  std::int32_t window;  ///< tokens that an entry is made from
  std::int32_t limit;   ///< positions of a cache at most
  std::int32_t most;    ///< rows that a request counts
  list_room<1> held;

  static compressed_events_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {small_divisor::of(plan.ratio), tokens_of_entry(plan), lengths_of(problem).limit,
            static_cast<std::int32_t>(share_of_request(problem)), list_room<1>::of(plan, 1)};
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants&, const request& r, std::int64_t) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    part.count = written_tokens::of(r, part.count, limit).finished(ratio);
    return part;
  }
  /// Event `number` of request `index`: row, request, what the row sees, tokens of the entry's window before the step.
  /// `rows`: of the batch before the request's.
  NSAMETA_HOST_DEVICE void write(std::int32_t* to, const key_slots&, std::int32_t index, const request& r,
                                 std::int64_t rows, std::int32_t number) const {
    const std::int32_t earlier = ratio.quotient(written_tokens::of(r, r.rows, limit).before);
    const std::int32_t seen = (earlier + number + 1) * ratio.value;
    const std::int64_t row = seen - r.first;
    to[0] = static_cast<std::int32_t>(rows + row);
    to[1] = index;
    to[2] = seen;
    to[3] = window - static_cast<std::int32_t>(smaller(row + 1, std::int64_t{window}));
  }
};

/// num_carries and carries: one of a request whose last entry is still open after the step.
struct compressed_carries_rule {
  static constexpr bool counts = true;
  static NSAMETA_HOST_DEVICE int words() { return 4; }
  small_divisor ratio;
  std::int32_t limit;  ///< positions of a cache at most
  std::int32_t most;   ///< rows that a request counts
  list_room<1> held;

  static compressed_carries_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {small_divisor::of(plan.ratio), lengths_of(problem).limit,
            static_cast<std::int32_t>(share_of_request(problem)), list_room<1>::of(plan, 1)};
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants&, const request& r, std::int64_t) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    const written_tokens written = written_tokens::of(r, part.count, limit);
    part.count = first_position(written) < written.last ? 1 : 0;
    return part;
  }
  /// Request, first position of it in that entry, its row, and how many they are. `rows`: of the batch before its own.
  NSAMETA_HOST_DEVICE void write(std::int32_t* to, const key_slots&, std::int32_t index, const request& r,
                                 std::int64_t rows, std::int32_t) const {
    const written_tokens written = written_tokens::of(r, smaller(r.rows, std::int64_t{most}), limit);
    const std::int32_t first = first_position(written);
    to[0] = index;
    to[1] = first;
    to[2] = static_cast<std::int32_t>(rows + first + 1 - r.first);
    to[3] = written.last - first;
  }

 private:
  NSAMETA_HOST_DEVICE std::int32_t first_position(const written_tokens& written) const {
    return larger(ratio.quotient(written.last) * ratio.value, written.before);
  }
};

/// Of a list whose elements are rows of `words()` words.
template <class Rule>
concept words_rule = list_rule<Rule> && requires(const Rule& rule) { rule.words(); };

/// Where the entries of a cache lie: blocks of them in the pages of req_to_token.
struct entry_places {
  small_divisor ratio;
  small_divisor page;           ///< of req_to_token, positions
  small_divisor blocks_a_page;  ///< or 1
  small_divisor block;          ///< entries, on each rank

  static entry_places of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const std::int64_t blocks_a_page = problem.page_size / (std::int64_t{plan.block} * plan.ratio);
    return {small_divisor::of(plan.ratio), small_divisor::of(problem.page_size),
            small_divisor::of(larger(static_cast<std::int32_t>(blocks_a_page), 1)), small_divisor::of(plan.block)};
  }
  /// Positions from one block of a request to the next.
  NSAMETA_HOST_DEVICE std::int64_t span() const { return std::int64_t{block.value} * ratio.value; }
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

/// cu_kv_lens, ks and ke: of a buffer that has the entries of all requests.
struct ragged_rows_rule {
  enum buffer { cu_kv_lens, ks, ke, buffers };
  static_assert(buffers == plan_rows::ragged_rows_buffers.size());

  small_divisor ratio, align;
  std::int32_t limit;  ///< positions of a cache at most
  std::int32_t most;   ///< rows and entries that a request counts
  list_room<2> held;   ///< of ks and ke

  static ragged_rows_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {small_divisor::of(plan.ratio), small_divisor::of(plan.ragged_align), lengths_of(problem).limit,
            static_cast<std::int32_t>(share_of_request(problem)), list_room<2>::of(plan, ks)};
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants&, const request& r, std::int64_t) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    part.bits |= bit_if(aligned(r) > most, NSAMETA_BIT_LENGTH_OVERFLOW);
    return part;
  }
  /// A request's part of the buffer.
  NSAMETA_HOST_DEVICE std::int32_t length(const request& r) const {
    return static_cast<std::int32_t>(smaller(aligned(r), std::int64_t{most}));
  }
  /// Entries of its request, and of its part, that a row sees which would see `seen` positions if there were no limit.
  NSAMETA_HOST_DEVICE std::int32_t entries(const request& r, std::int64_t seen) const {
    const std::int64_t v = larger(smaller(seen, std::int64_t{limit}), std::int64_t{0});
    return smaller(smaller(ratio.quotient(static_cast<std::int32_t>(v)), entries_after(r, ratio, limit)), most);
  }

 private:
  NSAMETA_HOST_DEVICE std::int64_t aligned(const request& r) const {
    const std::int32_t now = entries_after(r, ratio, limit);
    return now == 0 ? 0 : (std::int64_t{align.quotient(now - 1)} + 1) * align.value;
  }
};

/// num_blocks and ragged_block_table.
struct ragged_blocks_rule {
  static constexpr bool counts = true;
  entry_places places;
  std::int32_t limit;  ///< positions of a cache at most
  std::int32_t most;   ///< blocks that a request counts
  list_room<1> held;

  static ragged_blocks_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {entry_places::of(plan, problem), lengths_of(problem).limit,
            static_cast<std::int32_t>(share_of_request(problem)), list_room<1>::of(plan, 1)};
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    const std::int32_t now = entries_after(r, places.ratio, limit);
    if (now == 0) return {0, 0};
    const std::int32_t blocks = places.block.quotient(now - 1) + 1, count = smaller(blocks, most);
    return {count, bit_if(blocks > most, NSAMETA_BIT_LENGTH_OVERFLOW) | places.bits(fixed.keys, index, count - 1)};
  }
  /// -1 where the table does not say.
  NSAMETA_HOST_DEVICE std::int32_t element(const key_slots& keys, std::int64_t index, std::int32_t number) const {
    const std::int32_t* const tokens = keys.tokens_of(index);
    if (tokens == nullptr || !places.has_block(keys, number)) return -1;
    return static_cast<std::int32_t>(places.name_of(tokens, number));
  }
};

/// write_start, tail_start and candidate_loc.
struct compressed_candidates_rule {
  enum buffer { write_start, tail_start, candidate_loc, buffers };
  static_assert(buffers == plan_rows::compressed_candidates_buffers.size());

  entry_places places;
  small_divisor column;  ///< entries of a block on all ranks together
  std::int32_t columns;  ///< entries of a request
  bool has_slots;        ///< whether candidate_loc is wanted

  static compressed_candidates_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const std::int64_t column = std::int64_t{plan.block} * problem.kv_shard.size;
    const plan_buffer& slots = plan_rows::compressed_candidates_buffers[candidate_loc];
    return {entry_places::of(plan, problem), small_divisor::of(static_cast<std::int32_t>(smaller(column, int32_max))),
            static_cast<std::int32_t>(columns_of(plan, slots)), plan.buffers[candidate_loc].data != nullptr};
  }
  /// Of a request's step.
  NSAMETA_HOST_DEVICE std::int32_t first_position(const request& r) const {
    return r.is_padding ? 0 : written_tokens::of(r, 0, 0).before;
  }
  /// Of the entry that it is in.
  NSAMETA_HOST_DEVICE std::int32_t first_of_entry(const request& r) const {
    return places.ratio.quotient(first_position(r)) * places.ratio.value;
  }
  /// Slot of the step's entry `number`; -1 where another rank has it, and of a request without a table. The table's
  /// last block stands for those past it.
  NSAMETA_HOST_DEVICE std::int64_t slot(const shard_constants& fixed, std::int64_t index, const request& r,
                                        std::int32_t number) const {
    if (r.is_padding) return -1;
    const std::int32_t* const tokens = fixed.keys.tokens_of(index);
    if (tokens == nullptr || !places.has_block(fixed.keys, 0)) return -1;
    const auto entry =
        static_cast<std::int32_t>(smaller(std::int64_t{places.ratio.quotient(first_position(r))} + number, int32_max));
    const std::int32_t block = column.quotient(entry);
    const std::int64_t own = fixed.kv_shard.own(entry - block * column.value);
    if (own < 0) return -1;
    return places.name_of(tokens, smaller(block, last_block(fixed.keys))) * places.block.value + own;
  }
  NSAMETA_HOST_DEVICE std::uint32_t bits(const shard_constants& fixed, std::int64_t index, const request& r) const {
    const bool looks = has_slots && !r.is_padding;
    return bit_if(looks && !fixed.keys.has_row(fixed.keys.row_of(index)), NSAMETA_BIT_BAD_SLOT);
  }

 private:
  NSAMETA_HOST_DEVICE std::int32_t last_block(const key_slots& keys) const {
    return static_cast<std::int32_t>(smaller((keys.tokens.width - 1) / places.span(), int32_max));
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
    const written_tokens written = written_tokens::of(r, part.count, fixed.limit);
    if (const std::int32_t entries = ratio.quotient(written.last); entries * ratio.value > written.before)
      if (held.capacity[out_loc] >= 0) part.bits |= places.bits(fixed.keys, index, column.quotient(entries - 1));
    return part;
  }

 private:
  /// Where an entry of a request is written; -1 where the table does not say, no_slot where another rank has it.
  NSAMETA_HOST_DEVICE std::int64_t slot_of(const shard_constants& fixed, std::int64_t index, std::int32_t entry) const {
    const std::int32_t* const tokens = fixed.keys.tokens_of(index);
    const std::int32_t number = column.quotient(entry);
    if (tokens == nullptr || !places.has_block(fixed.keys, number)) return -1;
    const std::int64_t own = fixed.kv_shard.own(entry - number * column.value);
    return own < 0 ? no_slot : places.name_of(tokens, number) * places.block.value + own;
  }
};

}  // namespace nsameta
