/// Where raw tokens of a request wait until an entry is made from them: what a step reads there, and what it keeps.
#pragma once

#include "common/plans/compressed.h"

namespace nsameta {

/// A row of the batch, and a number of tokens below 2^15, in a word.
NSAMETA_HOST_DEVICE std::int32_t packed(std::int64_t row, std::int32_t tokens) {
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(row) & 0xffff) | static_cast<std::uint32_t>(tokens)
                                                                                    << 16);
}

/// The slots of a state, `ratio` a page.
struct state_slots {
  small_divisor ratio, ring;
  small_divisor page;  ///< of the window's cache, tokens
  std::int32_t offset, preset;

  static state_slots of(const nsameta_plan& plan) {
    return {small_divisor::of(plan.ratio), small_divisor::of(plan.ring), small_divisor::of(larger(plan.page_size, 1)),
            plan.slot_offset, plan.preset};
  }
  NSAMETA_HOST_DEVICE bool is_running() const { return preset == NSAMETA_STATE_RUNNING; }
  NSAMETA_HOST_DEVICE bool by_window() const { return preset == NSAMETA_STATE_OF_WINDOW; }

  /// Of a request's position; -1 where the tables do not say.
  NSAMETA_HOST_DEVICE std::int32_t slot(const key_slots& keys, std::int64_t index, std::int32_t position) const {
    const std::int64_t row = keys.row_of(index);
    if (!keys.has_row(row)) return -1;
    if (!by_window()) return static_cast<std::int32_t>(row * ring.value + remainder(position, ring));
    const std::int32_t kept = keys.in_window(keys.tokens.data + row * keys.tokens.row_stride, position);
    return kept < 0 ? -1 : page.quotient(kept) * ring.value + remainder(kept, ring);
  }
  NSAMETA_HOST_DEVICE std::int32_t page_of(const key_slots& keys, std::int64_t index, std::int32_t position) const {
    const std::int32_t found = slot(keys, index, position);
    return found < 0 ? -1 : ratio.quotient(found);
  }
  /// Where a request's running state is, and its row of req_to_token: -1 each where it has none.
  struct running_state {
    std::int32_t slot, row;
  };
  NSAMETA_HOST_DEVICE running_state running(const key_slots& keys, std::int64_t index) const {
    const std::int64_t row = keys.row_of(index);
    if (!keys.has_row(row)) return {-1, -1};
    return {static_cast<std::int32_t>(row + offset), static_cast<std::int32_t>(row)};
  }
  /// Writes a piece of a step that is in one entry: its end, its last row with its tokens, and the running state.
  NSAMETA_HOST_DEVICE void write_piece(std::int32_t* to, const key_slots& keys, std::int64_t index, std::int32_t end,
                                       std::int64_t row, std::int32_t tokens) const {
    const running_state found = running(keys, index);
    to[0] = end;
    to[1] = packed(row, tokens);
    to[2] = found.slot;
    to[3] = found.row;
  }
  /// What looking up a request's position raises.
  NSAMETA_HOST_DEVICE std::uint32_t bits(const key_slots& keys, std::int64_t index, std::int32_t position) const {
    const std::int32_t* const tokens = keys.tokens_of(index);
    if (tokens == nullptr) return NSAMETA_BIT_BAD_SLOT;
    return by_window() ? keys.window_bits(tokens, position) : 0;
  }

 private:
  static NSAMETA_HOST_DEVICE std::int32_t remainder(std::int32_t number, const small_divisor& by) {
    return number - by.quotient(number) * by.value;
  }
};

/// decode_plan: of each request v, the slot of its last token, and the state pages of the entry before and of its own.
struct state_decode_rule {
  state_slots state;
  std::int32_t limit;  ///< positions of a cache at most

  static state_decode_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {state_slots::of(plan), lengths_of(problem).limit};
  }
  NSAMETA_HOST_DEVICE std::int32_t seen(const request& r) const {
    return r.is_padding ? 0 : static_cast<std::int32_t>(smaller(r.kv_len, std::int64_t{limit}));
  }
  NSAMETA_HOST_DEVICE std::int32_t earlier(std::int32_t v) const { return larger(v - 1 - state.ratio.value, 0); }
  NSAMETA_HOST_DEVICE void write(std::int32_t* to, const key_slots& keys, std::int64_t index, const request& r) const {
    const std::int32_t v = seen(r);
    to[0] = v;
    to[1] = to[2] = to[3] = -1;
    if (v == 0) return;
    if (state.is_running()) {
      to[1] = to[2] = state.running(keys, index).slot;
      return;
    }
    to[1] = state.slot(keys, index, v - 1);
    to[2] = state.page_of(keys, index, earlier(v));
    to[3] = state.page_of(keys, index, v - 1);
  }
  NSAMETA_HOST_DEVICE std::uint32_t bits(const key_slots& keys, std::int64_t index, const request& r) const {
    const std::int32_t v = seen(r);
    return v == 0 ? 0 : state.bits(keys, index, v - 1) | state.bits(keys, index, earlier(v));
  }
};

/// Of a list whose requests look up positions, each of which may raise bits: `more_bits`.
template <class Rule>
concept looking_rule = list_rule<Rule> && requires(const Rule& rule, const key_slots& keys, const request& r) {
  rule.more_bits(keys, std::int64_t{}, r, std::int32_t{});
};

/// Of a request's first `rows` rows, the tokens that its length counts after the step: rows beyond them show none, and
/// what a state keeps may not make room for those.
NSAMETA_HOST_DEVICE written_tokens step_tokens(const request& r, std::int64_t rows, std::int32_t limit) {
  written_tokens tokens = written_tokens::of(r, rows, limit);
  tokens.last = static_cast<std::int32_t>(smaller(std::int64_t{tokens.last}, larger(r.kv_len, std::int64_t{0})));
  return tokens;
}

/// num_compressed and compress_plan: of each event v, its row with the tokens of its window before the step, and the
/// state pages that those are read from.
struct state_compress_rule {
  static constexpr bool counts = true;
  static NSAMETA_HOST_DEVICE int words() { return 4; }
  state_slots state;
  std::int32_t window;  ///< tokens that an entry is made from
  std::int32_t limit;   ///< positions of a cache at most
  std::int32_t most;    ///< rows that a request counts
  bool invalid_tail;    ///< whether rows beyond the list name nothing, and are not kept
  list_room<1> held;

  static state_compress_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {state_slots::of(plan),     tokens_of_entry(plan),
            lengths_of(problem).limit, static_cast<std::int32_t>(share_of_request(problem)),
            plan.invalid_tail != 0,    list_room<1>::of(plan, 1)};
  }
  NSAMETA_HOST_DEVICE bool fits(std::int64_t rows) const { return rows <= most_packed_rows; }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants&, const request& r, std::int64_t) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    const written_tokens written =
        state.is_running() ? step_tokens(r, part.count, limit) : written_tokens::of(r, part.count, limit);
    part.count = written.finished(state.ratio);
    return part;
  }
  NSAMETA_HOST_DEVICE void write(std::int32_t* to, const key_slots& keys, std::int32_t index, const request& r,
                                 std::int64_t rows, std::int32_t number) const {
    const std::int32_t before = written_tokens::of(r, r.rows, limit).before, c = state.ratio.value;
    const std::int32_t v = (state.ratio.quotient(before) + number + 1) * c;
    const std::int64_t row = rows + v - r.first;
    if (state.is_running()) return state.write_piece(to, keys, index, v, row, v - larger(v - c, before));
    to[0] = v;
    const std::int32_t earlier = earlier_tokens(r, v);
    to[1] = packed(row, earlier);
    to[2] = earlier == 0 ? -1 : state.page_of(keys, index, larger(v - 1 - c, 0));
    to[3] = earlier == 0 ? -1 : state.page_of(keys, index, v - 1);
  }
  /// What a request's events raise.
  NSAMETA_HOST_DEVICE std::uint32_t more_bits(const key_slots& keys, std::int64_t index, const request& r,
                                              std::int32_t count) const {
    const std::int32_t before = written_tokens::of(r, r.rows, limit).before, c = state.ratio.value;
    if (count > 0 && state.is_running()) return state.bits(keys, index, 0);
    std::uint32_t bits = 0;
    NSAMETA_UNROLL(1)
    for (std::int32_t number = 0; number < count; ++number) {
      const std::int32_t v = (state.ratio.quotient(before) + number + 1) * c;
      if (earlier_tokens(r, v) == 0) break;  // nor have later ones any
      bits |= state.bits(keys, index, larger(v - 1 - c, 0)) | state.bits(keys, index, v - 1);
    }
    return bits;
  }

 private:
  /// Tokens of the window before the step, of the entry that the row finishes which sees v.
  NSAMETA_HOST_DEVICE std::int32_t earlier_tokens(const request& r, std::int32_t v) const {
    return window - static_cast<std::int32_t>(smaller(v - r.first + 1, std::int64_t{window}));
  }
};

/// num_writes and write_plan: the step's tokens that a later entry may be made from, and where they are kept.
struct state_write_rule {
  static constexpr bool counts = true;
  state_slots state;
  std::int32_t window;  ///< tokens that an entry is made from
  std::int32_t spare;   ///< last tokens that are kept whatever their entry, because they may be rejected
  std::int32_t limit;   ///< positions of a cache at most
  std::int32_t most;    ///< rows that a request counts
  bool invalid_tail;    ///< whether rows beyond the list name nothing, and are not kept
  list_room<1> held;

  static state_write_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {state_slots::of(plan),
            tokens_of_entry(plan),
            static_cast<std::int32_t>(most_drafts(plan)),
            lengths_of(problem).limit,
            static_cast<std::int32_t>(share_of_request(problem)),
            plan.invalid_tail != 0,
            list_room<1>::of(plan, 1)};
  }
  NSAMETA_HOST_DEVICE int words() const { return state.is_running() ? 4 : 2; }
  NSAMETA_HOST_DEVICE bool fits(std::int64_t rows) const { return !state.is_running() || rows <= most_packed_rows; }

  NSAMETA_HOST_DEVICE listed_part part(const shard_constants&, const request& r, std::int64_t) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    const written_tokens written = step_tokens(r, part.count, limit);
    if (state.is_running())
      part.count = first_open(written) < written.last;
    else
      part.count = written.last <= written.before ? 0 : page_ends(written) + written.last - first_kept(written);
    return part;
  }
  NSAMETA_HOST_DEVICE void write(std::int32_t* to, const key_slots& keys, std::int32_t index, const request& r,
                                 std::int64_t rows, std::int32_t number) const {
    const written_tokens written = step_tokens(r, smaller(r.rows, std::int64_t{most}), limit);
    if (state.is_running())
      return state.write_piece(to, keys, index, written.last, rows + written.last - r.first,
                               written.last - first_open(written));
    const std::int32_t position = position_of(written, number);
    to[0] = static_cast<std::int32_t>(rows + position + 1 - r.first);
    to[1] = state.slot(keys, index, position);
  }
  /// What the positions raise that a request keeps.
  NSAMETA_HOST_DEVICE std::uint32_t more_bits(const key_slots& keys, std::int64_t index, const request& r,
                                              std::int32_t count) const {
    const written_tokens written = step_tokens(r, smaller(r.rows, std::int64_t{most}), limit);
    const std::int32_t looked_at = state.by_window() ? count : smaller(count, 1);
    std::uint32_t bits = 0;
    NSAMETA_UNROLL(1)
    for (std::int32_t number = 0; number < looked_at; ++number)
      bits |= state.bits(keys, index, state.by_window() ? position_of(written, number) : 0);
    return bits;
  }

 private:
  /// First position of the step in the entry that stays open.
  NSAMETA_HOST_DEVICE std::int32_t first_open(const written_tokens& written) const {
    return larger(state.ratio.quotient(written.last) * state.ratio.value, written.before);
  }
  /// From here on all are kept: those of the open entry and, with overlap, of the one before; and as many as may be
  /// rejected of a step that the ring has room for.
  NSAMETA_HOST_DEVICE std::int32_t first_kept(const written_tokens& written) const {
    const std::int32_t c = state.ratio.value;
    const std::int32_t needed = state.ratio.quotient(written.last) * c - (window - c);
    return larger(smaller(needed, written.last - spare), written.before);
  }
  /// Of the first `positions` positions, those that end a page of the window's cache, which a shared prefix goes on
  /// from.
  NSAMETA_HOST_DEVICE std::int32_t ending(std::int32_t positions) const {
    const std::int32_t pages = state.page.quotient(positions), c = state.ratio.value;
    return pages * c + larger(positions - pages * state.page.value - (state.page.value - c), 0);
  }
  NSAMETA_HOST_DEVICE std::int32_t page_ends(const written_tokens& written) const {
    if (!state.by_window() || window == state.ratio.value) return 0;
    return ending(first_kept(written)) - ending(written.before);
  }
  NSAMETA_HOST_DEVICE std::int32_t position_of(const written_tokens& written, std::int32_t number) const {
    const std::int32_t ends = page_ends(written), c = state.ratio.value;
    if (number >= ends) return first_kept(written) + number - ends;
    const std::int32_t end = ending(written.before) + number, page = state.ratio.quotient(end);
    return page * state.page.value + state.page.value - c + end - page * c;
  }
};

}  // namespace nsameta
