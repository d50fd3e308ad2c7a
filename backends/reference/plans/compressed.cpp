/// Caches whose entries stand for several tokens each, row by row.
#include <algorithm>
#include <limits>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {

std::optional<std::int64_t> block_name(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                                       std::int64_t number, std::int32_t& status) {
  if (plan.blocks_from > 0) {
    const nsameta_token_table& blocks = problem.block_tables[plan.blocks_from - 1];
    if (number < blocks.width) return blocks.data[r.index * blocks.row_stride + number];
    status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    return std::nullopt;
  }
  const std::int64_t slot = read(problem.req_pool_indices, r.index);
  if (slot < 0 || slot >= problem.req_to_token.slots) {
    status |= NSAMETA_BIT_BAD_SLOT;
    return std::nullopt;
  }
  const std::int64_t page = problem.page_size, span = std::int64_t{plan.block} * plan.ratio;
  const std::int64_t position = number * span;
  if (position >= problem.req_to_token.width) {
    status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    return std::nullopt;
  }
  const std::int64_t in_page = position % page;
  const std::int64_t kv_slot = problem.req_to_token.data[slot * problem.req_to_token.row_stride + position - in_page];
  const std::int64_t page_name = kv_slot >= 0 ? kv_slot / page : -rounded_up(-kv_slot, page);
  return page_name * std::max<std::int64_t>(1, page / span) + in_page / span;
}

std::int64_t slot_of_entry(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                           std::int64_t entry, std::int32_t& status) {
  const nsameta_kv_shard& shard = problem.kv_shard;
  const std::int64_t block = plan.block, on_all_ranks = block * shard.size;
  const std::optional<std::int64_t> name = block_name(problem, plan, r, entry / on_all_ranks, status);
  if (!name) return -1;
  if (entry / shard.interleave % shard.size != shard.rank) return plan.no_slot;
  const std::int64_t turn = std::int64_t{shard.interleave} * shard.size;
  const std::int64_t in_block = entry % on_all_ranks;
  if (shard.size == 1) return *name * block + in_block;
  return *name * block + in_block / turn * shard.interleave + in_block % shard.interleave;
}

std::int64_t tokens_of_window(const nsameta_plan& plan) { return plan.overlap != 0 ? 2LL * plan.ratio : plan.ratio; }

bool finishes_entry(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t j) {
  return writes_key(problem, r, j) && positions_seen(problem, r, j) % plan.ratio == 0;
}

std::int64_t last_written(const nsameta_problem& problem, const request& r, std::int64_t rows) {
  if (problem.context_limit == 0 || rows == 0) return rows - 1;
  const std::int64_t beyond = positions_wanted(problem.mode, r, rows - 1) - problem.context_limit;
  return std::max<std::int64_t>(rows - 1 - std::max<std::int64_t>(beyond, 0), -1);
}

namespace {

/// One value after another, where the buffer is wanted and as far as it goes.
class row_field {
 public:
  explicit row_field(const nsameta_vector& out) : out_(out) {}
  bool has_room() const { return out_.data != nullptr && next_ < out_.capacity; }
  bool is_shorter_than(std::int64_t rows) const { return out_.data != nullptr && out_.capacity < rows; }
  void put(std::int64_t value) {
    if (!has_room()) return;
    if (out_.dtype == NSAMETA_INT64)
      static_cast<std::int64_t*>(out_.data)[next_++] = value;
    else
      static_cast<std::int32_t*>(out_.data)[next_++] = static_cast<std::int32_t>(value);
  }

 private:
  nsameta_vector out_;
  std::int64_t next_ = 0;
};

/// Whether the slots of entries are told by those that the engine gives of rows.
bool is_told_by_rows(const nsameta_problem& problem, const nsameta_plan& plan) {
  return problem.out_cache_loc.data != nullptr && problem.kv_shard.size == 1 && plan.blocks_from == 0 &&
         std::int64_t{plan.block} * plan.ratio == problem.page_size;
}

/// Raises the bits of the last entry that the first `rows` rows of a request finish: no other is further on.
void check_last_entry(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t rows,
                      std::int32_t& status) {
  std::int64_t j = last_written(problem, r, rows);
  for (std::int64_t left = plan.ratio; j >= 0 && left > 0; --j, --left)
    if (finishes_entry(problem, plan, r, j)) {
      slot_of_entry(problem, plan, r, positions_seen(problem, r, j) / plan.ratio - 1, status);
      return;
    }
}

/// How many of a request's tokens up to `last` belong to an entry that is still open then.
std::int64_t open_tokens(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                         std::int64_t last) {
  std::int64_t count = 0;
  while (count <= last && writes_key(problem, r, last - count) && !finishes_entry(problem, plan, r, last - count))
    ++count;
  return count;
}

}  // namespace

void write_compressed_rows(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                           std::int32_t& status) {
  enum { seq_lens, clamp1, sparse_lens, positions, out_loc, fields };
  std::vector<row_field> out;
  for (int i = 0; i < fields; ++i) out.emplace_back(plan.buffers[i]);
  const std::int64_t c = plan.ratio;
  std::int64_t all_rows = 0;
  const bool by_rows = is_told_by_rows(problem, plan);
  const auto put_row = [&](std::int64_t v) {
    const std::int64_t entries = local(problem.kv_shard, v / c);
    const std::int64_t at_least_one = std::max<std::int64_t>(entries, 1);
    out[seq_lens].put(entries);
    out[clamp1].put(at_least_one);
    out[sparse_lens].put(plan.topk == 0 ? at_least_one : std::min<std::int64_t>(at_least_one, plan.topk));
    out[positions].put(v == 0 ? -c : v - 1 - (v - 1) % c);
  };
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share_of(requests), status), earlier_rows = all_rows;
    all_rows += rows;
    if (plan.buffers[out_loc].data != nullptr && !by_rows) check_last_entry(problem, plan, r, rows, status);
    for (std::int64_t j = 0; j < rows && std::ranges::any_of(out, &row_field::has_room); ++j) {
      const std::int64_t v = positions_seen(problem, r, j);
      put_row(v);
      if (!out[out_loc].has_room()) continue;
      std::int64_t slot = plan.no_slot;
      std::int32_t raised = 0;  // by check_last_entry too
      if (finishes_entry(problem, plan, r, j)) {
        if (!by_rows)
          slot = slot_of_entry(problem, plan, r, v / c - 1, raised);
        else if (const auto given = slot_of_row(problem, earlier_rows + j))
          slot = *given / c;
      }
      out[out_loc].put(slot);
    }
  }
  for (std::int64_t i = 0; i < padding_rows(problem, requests, all_rows); ++i) {
    put_row(positions_of_padding_row(requests));
    out[out_loc].put(plan.no_slot);
  }
  if (std::ranges::any_of(out, [&](const row_field& field) { return field.is_shorter_than(all_rows); }))
    status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
}

void write_compressed_requests(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                               std::int32_t& status) {
  row_field past(plan.buffers[0]), now(plan.buffers[1]), sums(plan.buffers[2]);
  std::int64_t added = 0;
  sums.put(0);
  for (const request& r : requests.kept) {
    const std::int64_t after = r.cache_len / plan.ratio;
    std::int64_t before = after;  // of padding, which adds nothing
    if (r.is_live) {
      const std::int64_t known = has_drafts(problem.mode) ? r.kv_len : r.kv_len - r.query_len;
      before = within_limit(problem, std::max<std::int64_t>(known, 0)) / plan.ratio;
    }
    past.put(before);
    now.put(after);
    if (plan.buffers[2].data != nullptr) sums.put(added += within_share(after - before, share_of(requests), status));
  }
}

void write_compressed_candidates(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                                 std::int32_t& status) {
  const nsameta_kv_shard& shard = problem.kv_shard;
  row_field starts(plan.buffers[0]), tails(plan.buffers[1]), slots(plan.buffers[2]);
  const std::int64_t c = plan.ratio, span = plan.block * c, entries_of_block = std::int64_t{plan.block} * shard.size;
  for (const request& r : requests.kept) {
    const std::int64_t start = r.is_live ? std::max<std::int64_t>(positions_wanted(problem.mode, r, 0) - 1, 0) : 0;
    starts.put(start);
    tails.put(start - start % c);
    for (std::int64_t i = 0; slots.has_room() && i < rounded_up(plan.next_n, c); ++i) {
      const std::int64_t entry = std::min<std::int64_t>(start / c + i, std::numeric_limits<std::int32_t>::max());
      std::int64_t slot = -1;
      if (r.is_live) {
        const std::int64_t last = plan.blocks_from > 0 ? problem.block_tables[plan.blocks_from - 1].width - 1
                                                       : rounded_up(problem.req_to_token.width, span) - 1;
        const std::int64_t block = entry / entries_of_block;
        std::int32_t raised = 0;
        const auto name = block_name(problem, plan, r, std::min(block, std::max<std::int64_t>(last, 0)), raised);
        status |= raised & NSAMETA_BIT_BAD_SLOT;
        if (name && entry / shard.interleave % shard.size == shard.rank)
          slot = *name * plan.block + local(shard, entry % entries_of_block);
      }
      slots.put(slot);
    }
  }
}

void write_compressed_events(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                             std::int32_t& status) {
  const std::int64_t window = tokens_of_window(plan);
  row_list events(plan.buffers[1], 4);
  std::int64_t earlier_rows = 0;
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share_of(requests), status);
    for (std::int64_t j = 0; j < rows; ++j)
      if (finishes_entry(problem, plan, r, j))
        events.put({earlier_rows + j, r.index, positions_seen(problem, r, j), window - std::min(j + 1, window)});
    earlier_rows += r.rows;
  }
  events.finish(plan, status);
}

void write_compressed_carries(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                              std::int32_t& status) {
  row_list carries(plan.buffers[1], 4);
  std::int64_t earlier_rows = 0;
  for (const request& r : requests.kept) {
    const std::int64_t last = last_written(problem, r, within_share(r.rows, share_of(requests), status));
    const std::int64_t open = open_tokens(problem, plan, r, last), first = last - open + 1;
    if (open > 0) carries.put({r.index, positions_seen(problem, r, first) - 1, earlier_rows + first, open});
    earlier_rows += r.rows;
  }
  carries.finish(plan, status);
}

void write_ragged_rows(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                       std::int32_t& status) {
  row_field sums(plan.buffers[0]), ks(plan.buffers[1]), ke(plan.buffers[2]);
  const std::int64_t share = share_of(requests);
  std::int64_t begin = 0, all_rows = 0;
  sums.put(0);
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share, status);
    const std::int64_t entries = r.is_live ? r.cache_len / plan.ratio : 0;
    all_rows += rows;
    for (std::int64_t j = 0; j < rows && (ks.has_room() || ke.has_room()); ++j) {
      ks.put(begin);
      ke.put(begin + std::min({positions_seen(problem, r, j) / plan.ratio, entries, share}));
    }
    begin += within_share(rounded_up(entries, plan.ragged_align) * plan.ragged_align, share, status);
    sums.put(begin);
  }
  if (ks.is_shorter_than(all_rows) || ke.is_shorter_than(all_rows)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
}

void write_ragged_blocks(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                         std::int32_t& status) {
  row_field count(plan.buffers[0]), table(plan.buffers[1]);
  std::int64_t all_blocks = 0;
  for (const request& r : requests.kept) {
    const std::int64_t entries = r.is_live ? r.cache_len / plan.ratio : 0;
    const std::int64_t blocks = within_share(rounded_up(entries, plan.block), share_of(requests), status);
    for (std::int64_t number = 0; number < blocks && table.has_room(); ++number) {
      std::int32_t raised = 0;  // by the last one too
      table.put(block_name(problem, plan, r, number, raised).value_or(-1));
    }
    if (blocks > 0) block_name(problem, plan, r, blocks - 1, status);
    all_blocks += blocks;
  }
  count.put(all_blocks);
  if (table.is_shorter_than(all_blocks)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
}

}  // namespace nsameta::reference
