/// Lists, one request's elements after another's: pages, and rows whose logits are wanted.
#pragma once

#include "common/plans/line.h"
#include "common/rules.h"
#include "plans.h"

namespace nsameta {

/// How much of a list its buffers hold, of which there are `count`.
template <int count>
struct list_room {
  std::int32_t capacity[count];  ///< below 0: the buffer is not wanted

  /// Of the plan's buffers, those from `first` on; in rows.
  static list_room of(const nsameta_plan& plan, int first) {
    list_room room{};
    for (int i = 0; i < count; ++i) {
      const nsameta_vector& buffer = plan.buffers[first + i];
      const std::int64_t held = rows_held(plan, static_cast<std::size_t>(first + i));
      room.capacity[i] = buffer.data == nullptr ? -1 : static_cast<std::int32_t>(smaller(held, int32_max));
    }
    return room;
  }
  NSAMETA_HOST_DEVICE std::int32_t most() const {
    std::int32_t most = 0;
    for (const std::int32_t held : capacity) most = larger(most, held);
    return most;
  }
  NSAMETA_HOST_DEVICE bool is_short(std::int64_t listed) const {
    bool lacks = false;
    for (const std::int32_t held : capacity) lacks |= held >= 0 && listed > held;
    return lacks;
  }
};

/// Rows up to which plans of rows have padding.
inline std::int32_t padding_end(const nsameta_problem& problem) {
  return problem.batch_size == 0 ? 0 : static_cast<std::int32_t>(problem.pad_rows_to);
}
template <class Rule>
NSAMETA_HOST_DEVICE std::int32_t padding_end(const Rule& rule) {
  if constexpr (requires { rule.padded; }) return smaller(rule.padded, rule.held.most());
  return 0;
}

/// Of a plan that is a list.
template <class Rule>
concept list_rule = requires(const Rule& rule) { rule.held; };

/// Whether a list may be written where the batch has `rows` rows.
template <list_rule Rule>
NSAMETA_HOST_DEVICE bool may_list(const Rule& rule, std::int64_t rows) {
  if constexpr (requires { rule.fits(rows); }) return rule.fits(rows);
  return true;
}
/// How long a list is whose requests have `listed` elements in all.
template <list_rule Rule>
NSAMETA_HOST_DEVICE std::int32_t list_length(const Rule& rule, std::int32_t listed, std::int64_t rows) {
  return may_list(rule, rows) ? listed : 0;
}
template <list_rule Rule>
NSAMETA_HOST_DEVICE std::uint32_t list_bits(const Rule& rule, std::int64_t listed, std::int64_t rows) {
  return may_list(rule, rows) ? bit_if(rule.held.is_short(listed), NSAMETA_BIT_CAPACITY_EXCEEDED)
                              : std::uint32_t{NSAMETA_BIT_PLAN_OVERFLOW};
}

/// Word `place` of a row of `words` that names nothing, which lists end in where their plans say so.
NSAMETA_HOST_DEVICE std::int32_t invalid_word(int words, std::int64_t place) {
  return words == 4 && (place & 3) == 1 ? 0 : -1;
}

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
  NSAMETA_HOST_DEVICE bool are_any() const { return last > before; }
  /// Entries whose last token is among them.
  NSAMETA_HOST_DEVICE std::int32_t finished(const small_divisor& ratio) const {
    return larger(ratio.quotient(last) - ratio.quotient(before), 0);
  }
};

/// What a list has of a request.
struct listed_part {
  std::int32_t count;
  std::uint32_t bits;  ///< nsameta_status_bit

  /// Of so many rows, of which `most` count.
  static NSAMETA_HOST_DEVICE listed_part of_rows(std::int64_t rows, std::int32_t most) {
    return {static_cast<std::int32_t>(smaller(rows, std::int64_t{most})),
            bit_if(rows > most, NSAMETA_BIT_LENGTH_OVERFLOW)};
  }
};

/// kv_indptr, kv_indices and kv_last_page_len.
struct page_list_rule {
  divisor page;         ///< positions
  small_divisor shown;  ///< the same, of KV slots
  std::int64_t room;    ///< positions of a request that the table has columns for
  std::int32_t most;    ///< pages that a request counts
  bool of_blocks;
  list_room<1> held;

  static page_list_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const bool of_blocks = plan.preset == NSAMETA_PAGES_OF_BLOCKS;
    const std::int32_t page = of_blocks ? problem.block_size : problem.page_size;
    const std::int64_t width = of_blocks ? problem.block_table.width : problem.req_to_token.width;
    return {.page = divisor::of(page),
            .shown = small_divisor::of(page),
            .room = smaller(width, int32_max) * (of_blocks ? page : 1),
            .most = static_cast<std::int32_t>(share_of_request(problem)),
            .of_blocks = of_blocks,
            .held = list_room<1>::of(plan, 1)};
  }

  /// Its row of the table; null where it has none.
  NSAMETA_HOST_DEVICE const std::int32_t* row(const key_slots& keys, std::int64_t index) const {
    return of_blocks ? keys.blocks.data + index * keys.blocks.row_stride : keys.tokens_of(index);
  }
  /// Of `positions` on this rank, those that are listed.
  NSAMETA_HOST_DEVICE std::int64_t within(std::int64_t positions) const {
    return smaller(smaller(positions, room), most * page.value);
  }
  NSAMETA_HOST_DEVICE listed_part part(const key_slots& keys, const request& r, std::int64_t index,
                                       std::int64_t positions) const {
    if (r.is_padding) return {0, 0};  // whose slot is not read
    if (!of_blocks && !keys.has_row(keys.row_of(index))) return {0, NSAMETA_BIT_BAD_SLOT};
    return {static_cast<std::int32_t>(units_of(within(positions), page)),
            bit_if(positions > room, NSAMETA_BIT_CONTEXT_EXCEEDED) |
                bit_if(units_of(smaller(positions, room), page) > most, NSAMETA_BIT_LENGTH_OVERFLOW)};
  }
  NSAMETA_HOST_DEVICE std::int32_t last_page(const listed_part& part, std::int64_t positions) const {
    return part.count == 0 ? 0 : static_cast<std::int32_t>(within(positions) - (part.count - 1) * page.value);
  }
  NSAMETA_HOST_DEVICE std::int32_t element(const std::int32_t* row, std::int32_t page_number) const {
    return of_blocks ? row[page_number] : shown.floor(row[page_number * page.value]);
  }
};

/// cu_num_logits and the lists of rows whose logits are wanted: the last ones of each request.
struct logits_rule {
  std::int32_t most;  ///< that a request counts
  bool given;         ///< else one of each request that has a row
  list_room<3> held;

  static logits_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {static_cast<std::int32_t>(share_of_request(problem)), problem.num_logits.data != nullptr,
            list_room<3>::of(plan, 1)};
  }
  /// `wanted`: 1 where it is not given.
  NSAMETA_HOST_DEVICE listed_part part(const request& r, std::int64_t wanted) const {
    if (r.is_padding) return {0, 0};
    const std::int64_t held_rows = smaller(larger(wanted, std::int64_t{0}), r.rows);
    return {static_cast<std::int32_t>(smaller(held_rows, std::int64_t{most})),
            bit_if(wanted < 0, NSAMETA_BIT_NEGATIVE_LENGTH) |
                bit_if(given && wanted > r.rows, NSAMETA_BIT_CAPACITY_EXCEEDED) |
                bit_if(held_rows > most, NSAMETA_BIT_LENGTH_OVERFLOW)};
  }
};

}  // namespace nsameta
