/// Raw tokens that wait until their entry is made, token by token.
#include <algorithm>
#include <optional>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// A request's row of req_to_token.
std::optional<std::int64_t> table_row(const nsameta_problem& problem, const request& r, std::int32_t& status) {
  const std::int64_t row = read(problem.req_pool_indices, r.index);
  if (row >= 0 && row < problem.req_to_token.slots) return row;
  status |= NSAMETA_BIT_BAD_SLOT;
  return std::nullopt;
}

/// Where the token at a position waits; -1 where the tables do not say.
std::int64_t state_slot(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                        std::int64_t position, std::int32_t& status) {
  const std::optional<std::int64_t> row = table_row(problem, r, status);
  if (!row) return -1;
  if (plan.preset == NSAMETA_STATE_OF_REQUEST) return *row * plan.ring + position % plan.ring;
  const nsameta_token_table& table = problem.req_to_token;
  if (position >= table.width) {
    status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    return -1;
  }
  const std::int64_t kv_slot = table.data[*row * table.row_stride + position];
  if (kv_slot < 0 || kv_slot >= problem.kv_slots) {
    status |= NSAMETA_BIT_BAD_SLOT;
    return -1;
  }
  const auto kept = static_cast<std::int32_t>(read(problem.full_to_swa, kv_slot));
  return kept < 0 ? -1 : kept / plan.page_size * plan.ring + kept % plan.ring;
}

std::int64_t state_page(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                        std::int64_t position, std::int32_t& status) {
  const std::int64_t slot = state_slot(problem, plan, r, position, status);
  return slot < 0 ? -1 : slot / plan.ratio;
}

std::int64_t two_halves(std::int64_t low, std::int64_t high) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>((low & 0xffff) + (high << 16)));
}

/// The last of the first `rows` rows that shows a token of the request: rows past its length after the step do not.
std::int64_t last_token(const nsameta_problem& problem, const request& r, std::int64_t rows) {
  std::int64_t j = last_written(problem, r, rows);
  while (j >= 0 && positions_seen(problem, r, j) > r.cache_len) --j;
  return j;
}

/// Of tokens [first, j] of a step, which are of one entry whose state is a running one: end, row and count, the state,
/// and the request's row.
void put_piece(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t first,
               std::int64_t j, std::int64_t row, row_list& list, std::int32_t& status) {
  const std::optional<std::int64_t> slot = table_row(problem, r, status);
  list.put({positions_seen(problem, r, j), two_halves(row, j - first + 1), slot ? *slot + plan.slot_offset : -1,
            slot.value_or(-1)});
}

/// Whether the rows of a batch fit 16 bits.
bool has_few_rows(const batch& requests, std::int32_t& status) {
  if (requests.rows <= 0x10000) return true;
  status |= NSAMETA_BIT_PLAN_OVERFLOW;
  return false;
}

/// The first token of the step that has a position and is in the entry of token `j`.
std::int64_t first_of_entry(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                            std::int64_t j) {
  const std::int64_t position = positions_seen(problem, r, j) - 1;
  std::int64_t first = j;
  while (first > 0 && writes_key(problem, r, first - 1) &&
         (positions_seen(problem, r, first - 1) - 1) / plan.ratio == position / plan.ratio)
    --first;
  return first;
}

}  // namespace

void write_state_decode(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                        std::int32_t& status) {
  row_writer out(plan.buffers[0]);
  for (const request& r : requests.kept) {
    const std::int64_t v = r.is_live ? r.cache_len : 0;
    if (v == 0) {
      out.put({0, -1, -1, -1});
    } else if (plan.preset == NSAMETA_STATE_RUNNING) {
      const std::optional<std::int64_t> row = table_row(problem, r, status);
      const std::int64_t state = row ? *row + plan.slot_offset : -1;
      out.put({v, state, state, -1});
    } else {
      out.put({v, state_slot(problem, plan, r, v - 1, status),
               state_page(problem, plan, r, std::max<std::int64_t>(v - 1 - plan.ratio, 0), status),
               state_page(problem, plan, r, v - 1, status)});
    }
  }
}

void write_state_compress(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                          std::int32_t& status) {
  row_list list(plan.buffers[1], 4);
  const bool fits = has_few_rows(requests, status);
  std::int64_t earlier_rows = 0;
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share_of(requests), status);
    for (std::int64_t j = 0; j < rows; ++j) {
      if (!finishes_entry(problem, plan, r, j)) continue;
      const std::int64_t row = earlier_rows + j, v = positions_seen(problem, r, j), window = tokens_of_window(plan);
      if (plan.preset == NSAMETA_STATE_RUNNING) {
        if (v > r.cache_len) continue;
        if (fits)
          put_piece(problem, plan, r, first_of_entry(problem, plan, r, j), j, row, list, status);
        else
          table_row(problem, r, status);
        continue;
      }
      const std::int64_t before = window - std::min(j + 1, window);
      std::int64_t earlier = -1, own = -1;
      if (before > 0) {
        earlier = state_page(problem, plan, r, std::max<std::int64_t>(v - 1 - plan.ratio, 0), status);
        own = state_page(problem, plan, r, v - 1, status);
      }
      if (fits) list.put({v, two_halves(row, before), earlier, own});
    }
    earlier_rows += r.rows;
  }
  list.finish(plan, status);
}

void write_state_write(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                       std::int32_t& status) {
  const bool is_running = plan.preset == NSAMETA_STATE_RUNNING;
  row_list list(plan.buffers[1], is_running ? 4 : 2);
  const bool fits = !is_running || has_few_rows(requests, status);
  const std::int64_t c = plan.ratio, window = tokens_of_window(plan);
  const std::int64_t pad = plan.ring > window ? plan.ring - window + 2 : 0;
  std::int64_t earlier_rows = 0;
  for (const request& r : requests.kept) {
    const std::int64_t last = last_token(problem, r, within_share(r.rows, share_of(requests), status));
    const bool writes = last >= 0 && writes_key(problem, r, last);
    if (is_running && writes && !finishes_entry(problem, plan, r, last)) {
      if (fits)
        put_piece(problem, plan, r, first_of_entry(problem, plan, r, last), last, earlier_rows + last, list, status);
      else
        table_row(problem, r, status);
    }
    if (!is_running && writes) {
      const std::int64_t end = positions_seen(problem, r, last);
      const std::int64_t kept_from = std::min(end - end % c - (plan.overlap != 0 ? c : 0), end - pad);
      for (std::int64_t j = 0; j <= last; ++j) {
        if (!writes_key(problem, r, j)) continue;
        const std::int64_t position = positions_seen(problem, r, j) - 1;
        const bool ends_page = plan.overlap != 0 && plan.preset == NSAMETA_STATE_OF_WINDOW &&
                               position % plan.page_size >= plan.page_size - c;
        if (position >= kept_from || ends_page)
          list.put({earlier_rows + j, state_slot(problem, plan, r, position, status)});
      }
    }
    earlier_rows += r.rows;
  }
  list.finish(plan, status);
}

}  // namespace nsameta::reference
