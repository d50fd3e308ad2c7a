/// Tables of a compressed cache, or of a sliding window: a row for each row of the batch, or for each request, of as
/// many columns as are live.
#pragma once

#include "common/plans/compressed.h"

namespace nsameta {

/// Columns of a table's row: `live` of them have a value, those from there to `end` -1.
struct column_range {
  std::int32_t live, end;
  const std::int32_t* row;  ///< the request's of the table that is read; null where it has none, or no column
};

/// page_indices: the slots of the entries that each row sees.
struct compressed_indices_rule {
  static constexpr int table = 0;  ///< which buffer it is
  entry_places places;
  small_divisor align;  ///< columns
  std::int32_t topk, columns;
  std::int32_t most;    ///< rows that a request counts
  std::int32_t padded;  ///< rows up to which there is padding
  bool invalid_tail;    ///< whether columns beyond those that are written are -1, and are not kept
  list_room<1> held;

  static compressed_indices_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {.places = entry_places::of(plan, problem),
            .align = small_divisor::of(plan.index_align),
            .topk = compressed_rows_rule::entries_read(plan),
            .columns = plan.columns,
            .most = static_cast<std::int32_t>(share_of_request(problem)),
            .padded = padding_end(problem),
            .invalid_tail = plan.invalid_tail != 0,
            .held = list_room<1>::of(plan, 0)};
  }
  NSAMETA_HOST_DEVICE bool of_requests() const { return false; }

  NSAMETA_HOST_DEVICE bool has_values(const column_range& range) const { return range.row != nullptr; }
  NSAMETA_HOST_DEVICE column_range range(const shard_constants& fixed, const row_inputs&, std::int64_t,
                                         std::int64_t index, const request&, std::int64_t seen) const {
    const std::int32_t live = entries(fixed, seen);
    const std::int64_t end =
        invalid_tail ? columns : std::int64_t{align.quotient(larger(live, 1) - 1) + 1} * align.value;
    return {smaller(live, columns), static_cast<std::int32_t>(smaller(end, std::int64_t{columns})),
            live > 0 && places.has_block(0) ? places.row_of(fixed.keys, index) : nullptr};
  }
  /// Of a live column of a row that has tokens. The load is the same whatever the column, so that several go together.
  NSAMETA_HOST_DEVICE std::int32_t value(const key_slots&, const column_range& range, std::int32_t column) const {
    const std::int32_t number = places.block.quotient(column);
    const bool is_there = places.has_block(number);
    const std::int64_t name = places.name_of(range.row, is_there ? number : 0);
    return is_there ? static_cast<std::int32_t>(name * places.block.value + column - number * places.block.value) : -1;
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    if (part.count > 0 && !r.is_padding)
      if (const std::int32_t last = entries(fixed, r.first + part.count - 1); last > 0)
        part.bits |= places.bits(fixed.keys, index, places.block.quotient(smaller(last, columns) - 1)) |
                     bit_if(last > columns, NSAMETA_BIT_CAPACITY_EXCEEDED);
    return part;
  }

 private:
  /// Those on this rank of a row that would see `seen` positions on all, if there were no limit.
  NSAMETA_HOST_DEVICE std::int32_t entries(const shard_constants& fixed, std::int64_t seen) const {
    const auto v = static_cast<std::int32_t>(larger(smaller(seen, fixed.limit), std::int64_t{0}));
    return smaller(static_cast<std::int32_t>(fixed.kv_shard(places.ratio.quotient(v))), topk);
  }
};

/// block_table: the names of each request's blocks.
struct compressed_blocks_rule {
  static constexpr int table = 0;
  entry_places places;
  small_divisor span;  ///< positions of a block
  std::int32_t columns;
  std::int32_t most;    ///< rows that a request counts
  std::int32_t padded;  ///< rows up to which there is padding
  bool by_request;      ///< a row for each, not for each of its rows
  list_room<1> held;

  static compressed_blocks_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const bool by_request = plan.preset == NSAMETA_BLOCKS_OF_REQUESTS;
    return {
        .places = entry_places::of(plan, problem),
        .span = small_divisor::of(static_cast<std::int32_t>(smaller(std::int64_t{plan.block} * plan.ratio, int32_max))),
        .columns = plan.columns,
        .most = static_cast<std::int32_t>(share_of_request(problem)),
        .padded = by_request ? 0 : padding_end(problem),
        .by_request = by_request,
        .held = list_room<1>::of(plan, 0)};
  }
  NSAMETA_HOST_DEVICE bool of_requests() const { return by_request; }

  NSAMETA_HOST_DEVICE bool has_values(const column_range& range) const { return range.row != nullptr; }
  NSAMETA_HOST_DEVICE column_range range(const shard_constants& fixed, const row_inputs&, std::int64_t,
                                         std::int64_t index, const request& r, std::int64_t) const {
    const std::int32_t blocks = r.is_padding ? 0 : blocks_of(fixed, r);
    const std::int32_t* const row = blocks > 0 ? places.row_of(fixed.keys, index) : nullptr;
    const std::int32_t live = row == nullptr ? 0 : smaller(blocks, columns);
    return {live, live, places.has_block(0) ? row : nullptr};
  }
  NSAMETA_HOST_DEVICE std::int32_t value(const key_slots&, const column_range& range, std::int32_t column) const {
    const bool is_there = places.has_block(column);
    const auto name = static_cast<std::int32_t>(places.name_of(range.row, is_there ? column : 0));
    return is_there ? name : -1;
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    listed_part part = listed_part::of_rows(by_request ? 1 : r.rows, most);
    if (part.count > 0 && !r.is_padding)
      if (const std::int32_t blocks = blocks_of(fixed, r); blocks > 0)
        part.bits |= places.bits(fixed.keys, index, smaller(blocks, columns) - 1) |
                     bit_if(blocks > columns, NSAMETA_BIT_CAPACITY_EXCEEDED);
    return part;
  }

 private:
  /// That begin inside the request's length after the step.
  NSAMETA_HOST_DEVICE std::int32_t blocks_of(const shard_constants& fixed, const request& r) const {
    const auto length = static_cast<std::int32_t>(smaller(r.kv_len, fixed.limit));
    return length > 0 ? span.quotient(length - 1) + 1 : 0;
  }
};

/// Columns of a window's row, and what the row's other fields are from.
struct window_range {
  std::int32_t live, end;
  std::int32_t first;          ///< position in column 0
  std::int32_t step;           ///< to the next column's: 1 or -1
  std::int32_t seen;           ///< positions, also those that there is no column for
  std::int32_t own;            ///< the row's own position, where its key is written; below 0: none is
  std::int64_t slot;           ///< the request's row of req_to_token
  const std::int32_t* tokens;  ///< that row; null where it has none, or needs none

  NSAMETA_HOST_DEVICE std::int32_t lowest() const { return step > 0 ? first : first - seen + 1; }
};

/// swa_lens, swa_page_indices and swa_out_loc.
struct window_rule {
  enum buffer { swa_lens, swa_page_indices, swa_out_loc, buffers };
  static_assert(buffers == plan_rows::window_buffers.size());
  static constexpr int table = swa_page_indices;

  small_divisor ring, align;
  std::int32_t window, columns, preset;
  std::int32_t most;    ///< rows that a request counts
  std::int32_t padded;  ///< rows up to which there is padding
  bool oldest_first, whole_step;
  bool by_row;      ///< whether swa_out_loc is from the KV slot that the engine gives of each row
  bool has_floors;  ///< whether rows do not look below a position
  list_room<buffers> held;

  static window_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {.ring = small_divisor::of(larger(plan.ring, 1)),
            .align = small_divisor::of(plan.index_align),
            .window = plan.window,
            .columns = plan.columns,
            .preset = plan.preset,
            .most = static_cast<std::int32_t>(share_of_request(problem)),
            .padded = padding_end(problem),
            .oldest_first = plan.oldest_first != 0,
            .whole_step = plan.whole_step != 0,
            .by_row = follows_given_slots(plan, problem),
            .has_floors = problem.swa_floor.data != nullptr,
            .held = list_room<buffers>::of(plan, 0)};
  }
  NSAMETA_HOST_DEVICE bool of_requests() const { return false; }

  /// Of row `number` of the batch, which would see `wanted` positions if there were no limit.
  NSAMETA_HOST_DEVICE window_range range(const shard_constants& fixed, const row_inputs& rows, std::int64_t number,
                                         std::int64_t index, const request& r, std::int64_t wanted) const {
    std::int64_t floor = 0;
    if (has_floors && !is_padding_row(r)) [[unlikely]]
      floor = rows.floor(number);
    return range_from(floor, fixed, index, r, wanted);
  }
  /// The same of a row that does not look below `floor`.
  NSAMETA_HOST_DEVICE window_range range_from(std::int64_t floor, const shard_constants& fixed, std::int64_t index,
                                              const request& r, std::int64_t wanted) const {
    const std::int64_t v = larger(smaller(wanted, fixed.limit), std::int64_t{0});
    std::int64_t most_seen = window, low = larger(v - window, std::int64_t{0}), high = v;
    if (whole_step) {
      most_seen += r.tokens;
      high = r.is_padding ? 0 : smaller(smaller(r.kv_len, r.first - 1 + r.tokens), fixed.limit);
      low = smaller(larger(r.first - 1 - window, std::int64_t{0}), high);
    }
    low = smaller(larger(low, floor), high);
    const bool rises = oldest_first || whole_step;
    window_range row{};
    row.seen = static_cast<std::int32_t>(high - low);
    row.first = static_cast<std::int32_t>(rises ? low : high - 1);
    row.step = rises ? 1 : -1;
    row.own = v > 0 && wanted <= fixed.limit ? static_cast<std::int32_t>(v - 1) : -1;
    const std::int32_t last_group = align.quotient(static_cast<std::int32_t>(smaller(most_seen, int32_max)) - 1);
    row.end = static_cast<std::int32_t>(smaller((last_group + std::int64_t{1}) * align.value, std::int64_t{columns}));
    row.live = smaller(row.seen, row.end);
    if (!looks() || (row.seen == 0 && row.own < 0)) return row;
    row.slot = fixed.keys.row_of(index);
    row.tokens = fixed.keys.tokens_of(index);
    return row;
  }
  NSAMETA_HOST_DEVICE std::int32_t value(const key_slots& keys, const window_range& row, std::int32_t column) const {
    return slot_of(keys, row, row.first + column * row.step);
  }
  /// Whether each position that a row sees is looked up somewhere that is there.
  NSAMETA_HOST_DEVICE bool has_values(const window_range& row) const {
    return preset == NSAMETA_WINDOW_OF_POSITIONS || row.tokens != nullptr;
  }
  NSAMETA_HOST_DEVICE std::int32_t own_slot(const key_slots& keys, const row_inputs& rows, std::int64_t number,
                                            const window_range& row) const {
    if (by_row) [[unlikely]]
      return row.own < 0 ? -1 : keys.in_window(rows.slot(number));
    return row.own < 0 || !has_values(row) ? -1 : slot_of(keys, row, row.own);
  }

  /// Whether slots that the engine gives are looked up: then each row of the batch is looked at for its bits.
  NSAMETA_HOST_DEVICE bool looks_up_given() const { return by_row && held.capacity[swa_out_loc] >= 0; }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    if (part.count > 0) {
      const window_range last = range_from(0, fixed, index, r, r.first + part.count - 1);
      part.bits |= bit_if(last.seen > columns && held.capacity[table] >= 0, NSAMETA_BIT_CAPACITY_EXCEEDED);
      if (looks() && end_of_positions(fixed, r, last) > 0)
        part.bits |= bit_if(fixed.keys.tokens_of(index) == nullptr, NSAMETA_BIT_BAD_SLOT);
    }
    return part;
  }
  /// The bits of the positions that a request's rows see. Each is looked up.
  NSAMETA_HOST_DEVICE std::uint32_t position_bits(const shard_constants& fixed, const request& r,
                                                  std::int64_t index) const {
    const std::int64_t rows = smaller(r.rows, std::int64_t{most});
    if (preset != NSAMETA_WINDOW_OF_SLOTS || !looks() || rows == 0) return 0;
    const window_range first = range_from(0, fixed, index, r, r.first),
                       last = range_from(0, fixed, index, r, r.first + rows - 1);
    const std::int64_t high = end_of_positions(fixed, r, last), width = fixed.keys.tokens.width;
    const std::int32_t* const tokens = high > 0 ? fixed.keys.tokens_of(index) : nullptr;
    if (tokens == nullptr) return 0;
    std::uint32_t bits = bit_if(high > width, NSAMETA_BIT_CONTEXT_EXCEEDED);
    for (std::int64_t position = first.lowest(); position < smaller(high, width); ++position)
      bits |= fixed.keys.window_bits(tokens, position);
    return bits;
  }

 private:
  /// Whether anything is looked up in req_to_token.
  NSAMETA_HOST_DEVICE bool looks() const {
    return preset != NSAMETA_WINDOW_OF_POSITIONS &&
           (held.capacity[table] >= 0 || (held.capacity[swa_out_loc] >= 0 && !by_row));
  }
  /// Of what a request's rows see and write: behind the furthest one. The last row may write none, past the limit.
  NSAMETA_HOST_DEVICE std::int64_t end_of_positions(const shard_constants& fixed, const request& r,
                                                    const window_range& last) const {
    const std::int64_t rows = smaller(r.rows, std::int64_t{most}), reach = smaller(r.first + rows - 1, fixed.limit);
    const std::int64_t seen = last.seen > 0 ? last.lowest() + std::int64_t{last.seen} : 0;
    if (by_row) return seen;
    return reach >= larger(r.first, std::int64_t{1}) ? larger(seen, reach) : seen;
  }
  /// -1 where the tables do not say.
  NSAMETA_HOST_DEVICE std::int32_t slot_of(const key_slots& keys, const window_range& row,
                                           std::int32_t position) const {
    if (preset == NSAMETA_WINDOW_OF_POSITIONS) return position;
    if (preset == NSAMETA_WINDOW_OF_RINGS)
      return static_cast<std::int32_t>(row.slot * ring.value + position - ring.quotient(position) * ring.value);
    return keys.in_window(row.tokens, position);
  }
};

/// Of a plan that is such a table.
template <class Rule>
concept table_rule = list_rule<Rule> && requires(const Rule& rule) { rule.of_requests(); };

}  // namespace nsameta
