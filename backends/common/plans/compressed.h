/// Caches whose entries stand for several tokens each. A row that sees v positions sees the entries of whole groups of
/// `ratio` among them.
#pragma once

#include "common/plans/lists.h"
#include "problem.h"

namespace nsameta {

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
  bool invalid_tail;    ///< whether rows beyond the list name nothing, and are not kept
  list_room<1> held;

  static compressed_events_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {small_divisor::of(plan.ratio), tokens_of_entry(plan),
            lengths_of(problem).limit,     static_cast<std::int32_t>(share_of_request(problem)),
            plan.invalid_tail != 0,        list_room<1>::of(plan, 1)};
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
  bool invalid_tail;   ///< whether rows beyond the list name nothing, and are not kept
  list_room<1> held;

  static compressed_carries_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {small_divisor::of(plan.ratio), lengths_of(problem).limit,
            static_cast<std::int32_t>(share_of_request(problem)), plan.invalid_tail != 0, list_room<1>::of(plan, 1)};
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

/// Where the entries of a cache lie: blocks of them in the pages of req_to_token, or in a block table of their own,
/// which is looked up as if each block were a page of one position.
struct entry_places {
  small_divisor ratio;
  small_divisor block;          ///< entries, on each rank
  small_divisor page;           ///< of the table, positions
  small_divisor blocks_a_page;  ///< or 1
  std::int32_t step;            ///< positions of the table from one block to the next
  bool by_request;              ///< whether the table has a row for each request
  nsameta_token_table table;

  static entry_places of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const std::int64_t span = std::int64_t{plan.block} * plan.ratio;
    const bool has_own = plan.blocks_from > 0;
    const auto at_least_one = [&](std::int64_t blocks) {
      return has_own || blocks < 1 ? 1 : static_cast<std::int32_t>(blocks);
    };
    return {.ratio = small_divisor::of(plan.ratio),
            .block = small_divisor::of(plan.block),
            .page = small_divisor::of(has_own ? 1 : problem.page_size),
            .blocks_a_page = small_divisor::of(at_least_one(problem.page_size / span)),
            .step = has_own ? 1 : static_cast<std::int32_t>(smaller(span, int32_max)),
            .by_request = has_own,
            .table = has_own ? problem.block_tables[plan.blocks_from - 1] : problem.req_to_token};
  }
  /// A request's row of the table; null where it has none.
  NSAMETA_HOST_DEVICE const std::int32_t* row_of(const key_slots& keys, std::int64_t index) const {
    const std::int64_t row = by_request ? index : keys.row_of(index);
    return row >= 0 && row < table.slots ? table.data + row * table.row_stride : nullptr;
  }
  /// The last block of a request that the table has a column for; below 0: none.
  NSAMETA_HOST_DEVICE std::int64_t last_block() const { return (table.width + step - 1) / step - 1; }
  NSAMETA_HOST_DEVICE bool has_block(std::int32_t number) const { return std::int64_t{number} * step < table.width; }
  /// The name of a request's block that its row of the table has. It must be there.
  NSAMETA_HOST_DEVICE std::int64_t name_of(const std::int32_t* row, std::int32_t number) const {
    const std::int32_t looked_up = blocks_a_page.quotient(number);
    const std::int64_t position =
        blocks_a_page.value > 1 ? std::int64_t{looked_up} * page.value : std::int64_t{number} * step;
    return std::int64_t{page.floor(row[position])} * blocks_a_page.value + number - looked_up * blocks_a_page.value;
  }
  /// The bits that a request raises whose blocks up to `number` are asked for.
  NSAMETA_HOST_DEVICE std::uint32_t bits(const key_slots& keys, std::int64_t index, std::int32_t number) const {
    if (row_of(keys, index) == nullptr) return NSAMETA_BIT_BAD_SLOT;
    return bit_if(!has_block(number), NSAMETA_BIT_CONTEXT_EXCEEDED);
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
    const std::int32_t* const row = places.row_of(keys, index);
    if (row == nullptr || !places.has_block(number)) return -1;
    return static_cast<std::int32_t>(places.name_of(row, number));
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
    const std::int32_t* const row = places.row_of(fixed.keys, index);
    if (row == nullptr || !places.has_block(0)) return -1;
    const auto entry =
        static_cast<std::int32_t>(smaller(std::int64_t{places.ratio.quotient(first_position(r))} + number, int32_max));
    const std::int32_t block = column.quotient(entry);
    const std::int64_t own = fixed.kv_shard.own(entry - block * column.value);
    if (own < 0) return -1;
    return places.name_of(row, static_cast<std::int32_t>(smaller(std::int64_t{block}, places.last_block()))) *
               places.block.value +
           own;
  }
  NSAMETA_HOST_DEVICE std::uint32_t bits(const shard_constants& fixed, std::int64_t index, const request& r) const {
    const bool looks = has_slots && !r.is_padding;
    return bit_if(looks && places.row_of(fixed.keys, index) == nullptr, NSAMETA_BIT_BAD_SLOT);
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
  std::int32_t most;    ///< rows that a request counts
  std::int32_t padded;  ///< rows up to which there is padding
  bool by_row;          ///< whether out_loc is from the KV slot that the engine gives of each row
  list_room<buffers> held;

  static compressed_rows_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const std::int64_t column = std::int64_t{plan.block} * problem.kv_shard.size;
    return {.places = entry_places::of(plan, problem),
            .column = small_divisor::of(static_cast<std::int32_t>(smaller(column, int32_max))),
            .topk = entries_read(plan),
            .no_slot = plan.no_slot,
            .most = static_cast<std::int32_t>(share_of_request(problem)),
            .padded = padding_end(problem),
            .by_row = follows_given_slots(plan, problem),
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
  /// Of row `number` of the batch, which is of request `index`; it would see `seen` positions on all ranks together, if
  /// there were no limit.
  NSAMETA_HOST_DEVICE row row_of(const shard_constants& fixed, const row_inputs& rows, std::int64_t number,
                                 std::int64_t index, std::int64_t seen) const {
    const small_divisor& ratio = places.ratio;
    const auto v = static_cast<std::int32_t>(larger(smaller(seen, fixed.limit), std::int64_t{0}));
    const std::int32_t groups = ratio.quotient(v);
    const bool finishes = v > 0 && seen <= fixed.limit && groups * ratio.value == v;
    const std::int32_t first = v > 0 ? ratio.quotient(v - 1) * ratio.value : -ratio.value;
    std::int64_t slot = no_slot;
    if (finishes && held.capacity[out_loc] >= 0) {
      if (by_row) [[unlikely]]
        slot = given_slot(rows, number);
      else
        slot = slot_of(fixed, index, groups - 1);
    }
    return {static_cast<std::int32_t>(fixed.kv_shard(groups)), first, slot};
  }

  /// The rows that a request counts, and the bits of the last entry that they finish: no other is further on.
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    const small_divisor& ratio = places.ratio;
    listed_part part = listed_part::of_rows(r.rows, most);
    const written_tokens written = written_tokens::of(r, part.count, fixed.limit);
    if (const std::int32_t entries = ratio.quotient(written.last); entries * ratio.value > written.before)
      if (held.capacity[out_loc] >= 0 && !by_row)
        part.bits |= places.bits(fixed.keys, index, column.quotient(entries - 1));
    return part;
  }

 private:
  /// Where an entry of a request is written; -1 where the table does not say, no_slot where another rank has it.
  NSAMETA_HOST_DEVICE std::int64_t slot_of(const shard_constants& fixed, std::int64_t index, std::int32_t entry) const {
    const std::int32_t* const row = places.row_of(fixed.keys, index);
    const std::int32_t number = column.quotient(entry);
    if (row == nullptr || !places.has_block(number)) return -1;
    const std::int64_t own = fixed.kv_shard.own(entry - number * column.value);
    return own < 0 ? no_slot : places.name_of(row, number) * places.block.value + own;
  }
  /// Of the entry that the last token of which has that slot.
  NSAMETA_HOST_DEVICE std::int64_t given_slot(const row_inputs& rows, std::int64_t number) const {
    const std::int64_t slot = rows.slot(number);
    return slot < 0 ? no_slot : slot / places.ratio.value;
  }
};

}  // namespace nsameta
