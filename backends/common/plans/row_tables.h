/// Tables of a compressed cache: a row for each row of the batch, or for each request, of as many columns as are live.
#pragma once

#include "common/plans/compressed.h"

namespace nsameta {

/// Columns of a table's row: `live` of them have a value, those from there to `end` -1.
struct column_range {
  std::int32_t live, end;
  const std::int32_t* tokens;  ///< the request's row of req_to_token; null where it has none
};

/// page_indices: the slots of the entries that each row sees.
struct compressed_indices_rule {
  entry_places places;
  small_divisor block;  ///< the same as that of places
  small_divisor align;  ///< columns
  std::int32_t topk, columns;
  std::int32_t most;  ///< rows that a request counts
  list_room<1> held;

  static compressed_indices_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {.places = entry_places::of(plan, problem),
            .block = small_divisor::of(plan.block),
            .align = small_divisor::of(plan.index_align),
            .topk = compressed_rows_rule::entries_read(plan),
            .columns = plan.columns,
            .most = compressed_requests_rule::share_of(problem),
            .held = list_room<1>::of_rows(plan, plan.columns)};
  }
  NSAMETA_HOST_DEVICE bool of_requests() const { return false; }

  NSAMETA_HOST_DEVICE column_range range(const shard_constants& fixed, std::int64_t index, const request&,
                                         std::int64_t seen) const {
    const std::int32_t live = entries(fixed, seen);
    const std::int64_t end = std::int64_t{align.quotient(larger(live, 1) - 1) + 1} * align.value;
    return {smaller(live, columns), static_cast<std::int32_t>(smaller(end, std::int64_t{columns})),
            live > 0 ? tokens_of(fixed.keys, index) : nullptr};
  }
  /// Of a live column.
  NSAMETA_HOST_DEVICE std::int32_t value(const key_slots& keys, const column_range& range, std::int32_t column) const {
    const std::int32_t number = block.quotient(column);
    if (range.tokens == nullptr || !places.has_block(keys, number)) return -1;
    return static_cast<std::int32_t>(places.name_of(range.tokens, number) * block.value + column -
                                     number * block.value);
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    const std::int64_t rows = smaller(r.rows, std::int64_t{most});
    std::uint32_t bits = bit_if(r.rows > most, NSAMETA_BIT_LENGTH_OVERFLOW);
    if (rows > 0 && !r.is_padding)
      if (const std::int32_t last = entries(fixed, r.first + rows - 1); last > 0)
        bits |= places.bits(fixed.keys, index, block.quotient(smaller(last, columns) - 1)) |
                bit_if(last > columns, NSAMETA_BIT_CAPACITY_EXCEEDED);
    return {static_cast<std::int32_t>(rows), bits};
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
  entry_places places;
  small_divisor span;  ///< positions of a block
  std::int32_t columns;
  std::int32_t most;  ///< rows that a request counts
  std::int32_t each;  ///< rows of every request; 0: as many as the batch has
  list_room<1> held;

  static compressed_blocks_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const entry_places places = entry_places::of(plan, problem);
    return {.places = places,
            .span = small_divisor::of(static_cast<std::int32_t>(smaller(places.span(), int32_max))),
            .columns = plan.columns,
            .most = compressed_requests_rule::share_of(problem),
            .each = plan.preset == NSAMETA_BLOCKS_OF_REQUESTS,
            .held = list_room<1>::of_rows(plan, plan.columns)};
  }
  NSAMETA_HOST_DEVICE bool of_requests() const { return each == 1; }

  NSAMETA_HOST_DEVICE column_range range(const shard_constants& fixed, std::int64_t index, const request& r,
                                         std::int64_t) const {
    const std::int32_t blocks = r.is_padding ? 0 : blocks_of(fixed, r);
    const std::int32_t* const tokens = blocks > 0 ? tokens_of(fixed.keys, index) : nullptr;
    const std::int32_t live = tokens == nullptr ? 0 : smaller(blocks, columns);
    return {live, live, tokens};
  }
  NSAMETA_HOST_DEVICE std::int32_t value(const key_slots& keys, const column_range& range, std::int32_t column) const {
    return places.has_block(keys, column) ? static_cast<std::int32_t>(places.name_of(range.tokens, column)) : -1;
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    const std::int64_t rows = of_requests() ? 1 : smaller(r.rows, std::int64_t{most});
    std::uint32_t bits = bit_if(!of_requests() && r.rows > most, NSAMETA_BIT_LENGTH_OVERFLOW);
    if (rows > 0 && !r.is_padding)
      if (const std::int32_t blocks = blocks_of(fixed, r); blocks > 0)
        bits |= places.bits(fixed.keys, index, smaller(blocks, columns) - 1) |
                bit_if(blocks > columns, NSAMETA_BIT_CAPACITY_EXCEEDED);
    return {static_cast<std::int32_t>(rows), bits};
  }

 private:
  /// That begin inside the request's length after the step.
  NSAMETA_HOST_DEVICE std::int32_t blocks_of(const shard_constants& fixed, const request& r) const {
    const auto length = static_cast<std::int32_t>(smaller(r.kv_len, fixed.limit));
    return length > 0 ? span.quotient(length - 1) + 1 : 0;
  }
};

/// Of a plan that is such a table.
template <class Rule>
concept table_rule = list_rule<Rule> && requires(const Rule& rule) { rule.of_requests(); };

}  // namespace nsameta
