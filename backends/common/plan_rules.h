/// What a plan makes of lengths. The requests of a batch lie side by side on a line, each as long as it costs; a plan
/// cuts the line. Where it is cut, and what a row says of a piece, are closed forms of the line.
#pragma once

#include "common/arithmetic.h"
#include "common/divisor.h"
#include "common/rules.h"
#include "plans.h"

namespace nsameta {

/// First index in [low, high) for which `is_beyond`, which holds from some index on; `high` if for none. By quarters:
/// a GPU waits for three loads as long as for one.
template <class Beyond>
NSAMETA_HOST_DEVICE std::int32_t first_beyond(std::int32_t low, std::int32_t high, const Beyond& is_beyond) {
  NSAMETA_UNROLL(1)
  while (low < high) {
    const std::int32_t first = low + ((high - low) >> 2), second = low + ((high - low) >> 1);
    const std::int32_t third = second + (first - low);
    const bool at_first = is_beyond(first), at_second = is_beyond(second), at_third = is_beyond(third);
    low = at_first ? low : at_second ? first + 1 : at_third ? second + 1 : third + 1;
    high = at_first ? first : at_second ? second : at_third ? third : high;
  }
  return low;
}

/// Units of `each` in `length`, the last one begun.
NSAMETA_HOST_DEVICE std::int64_t units_of(std::int64_t length, const divisor& each) {
  return each.quotient(length + each.value - 1);
}

/// paged_mqa_schedule. The line is one of splits; each of them has `atoms` units, and the units are dealt in equal
/// runs.
struct mqa_rule {
  divisor pool;       ///< keys that the indexer's cache has one of
  divisor split;      ///< keys
  std::int64_t most;  ///< splits that a request counts
  std::int32_t parts, atoms;
  std::int32_t rows;  ///< that coordinates count for each request
  bool extra_first, counts_rows, stays_at_end;

  static mqa_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const mqa_preset& preset = mqa_presets[static_cast<std::size_t>(plan.preset)];
    const std::int32_t atoms = preset.atoms_of(plan.next_n);
    return {.pool = divisor::of(problem.index_kpool),
            .split = divisor::of(preset.split),
            .most = most_plan_units / atoms / larger<std::int64_t, std::int64_t>(problem.batch_size, 1),
            .parts = plan.parts,
            .atoms = atoms,
            .rows = preset.counts_rows ? plan.next_n : atoms,
            .extra_first = preset.extra_first,
            .counts_rows = preset.counts_rows,
            .stays_at_end = preset.stays_at_end};
  }

  NSAMETA_HOST_DEVICE bool is_too_long(std::int64_t length) const {
    return units_of(pool.quotient(length), split) > most;
  }
  NSAMETA_HOST_DEVICE std::int32_t splits(std::int64_t length) const {
    return static_cast<std::int32_t>(smaller(units_of(pool.quotient(length), split), most));
  }
  /// The first unit of part `part`, of `units`.
  NSAMETA_HOST_DEVICE std::int32_t begin(std::int32_t part, std::int32_t units) const {
    const std::int32_t each = units / parts, extra = units - each * parts;
    const std::int32_t longer = extra_first ? smaller(part, extra) : larger(part - (parts - extra), 0);
    return part * each + longer;
  }
  struct pair {
    std::int32_t first, second;
  };
  /// What a part's row says: it begins at `unit` of a request of `splits`.
  NSAMETA_HOST_DEVICE pair within(std::int32_t request, std::int32_t unit, std::int32_t splits) const {
    if (counts_rows) return {request * rows, unit / rows};
    return {request * rows + unit / splits, unit % splits};
  }
  /// The same of one that begins where the line ends.
  NSAMETA_HOST_DEVICE pair at_end(std::int32_t part, std::int32_t requests, std::int32_t units) const {
    const bool stays = stays_at_end && units == 0 && part < parts && requests > 0;
    return {(requests - stays) * rows, 0};
  }
};

/// A part that covers [begin, end) of a line of blocks.
struct line_part {
  std::int32_t begin, end;
  std::int32_t request;  ///< that `begin` is of
  std::int32_t request_begin, request_end;
  std::int32_t last;        ///< the request that has what comes before `end`
  std::int32_t last_begin;  ///< where that begins
  std::int32_t last_end;
};

/// tile_scheduler_metadata and num_splits. The line is one of blocks, each request's `overhead` behind its own. A part
/// begins at a place x within a request's blocks and ends at x + step, or at the first boundary that lies within one
/// overhead behind.
struct tile_rule {
  divisor block;
  std::int64_t most;  ///< blocks that a request counts
  std::int32_t parts, overhead;
  std::int32_t topk, extra_topk;  ///< 0: dense; 0: no second cache
  bool layout_2025;

  static tile_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {.block = divisor::of(plan.block),
            .most = most_plan_units / larger<std::int64_t, std::int64_t>(problem.batch_size, 1),
            .parts = plan.parts,
            .overhead = plan.overhead,
            .topk = plan.topk,
            .extra_topk = plan.extra_topk,
            .layout_2025 = plan.preset == NSAMETA_FLASHMLA_2025};
  }

  NSAMETA_HOST_DEVICE bool is_too_long(std::int64_t length) const { return units_of(length, block) > most; }
  /// Keys of a request whose sparse attention reads so many, of the second cache `extra`.
  NSAMETA_HOST_DEVICE std::int64_t sparse_length(std::int64_t keys, std::int64_t extra) const {
    constexpr std::int64_t far = std::int64_t{1} << 40;  // beyond what any request counts
    const std::int64_t own = smaller(larger(keys, std::int64_t{1}), far);
    if (extra_topk == 0) return own;
    return block.quotient(own + block.value - 1) * block.value + smaller(larger(extra, std::int64_t{0}), far);
  }
  NSAMETA_HOST_DEVICE std::int32_t blocks(std::int64_t length) const {
    return static_cast<std::int32_t>(smaller(units_of(length, block), most));
  }
  NSAMETA_HOST_DEVICE std::int32_t cost(std::int64_t length) const { return larger(blocks(length), 1) + overhead; }

  /// A row's words.
  struct row {
    std::int32_t word[8];
  };
  /// `last_blocks`: of the last request's keys, where the part ends with it.
  NSAMETA_HOST_DEVICE row row_of(const line_part& p, std::int32_t step, std::int32_t last_blocks) const {
    const std::int32_t begin_block = p.begin - p.request_begin;
    const bool cuts_last = p.end < p.last_end;
    const std::int32_t end_block = cuts_last ? p.end - p.last_begin : last_blocks;
    // Parts that begin within a request are `step` apart, the first at most that far behind the request's begin.
    const std::int32_t begin_split = begin_block == 0 ? 0 : (begin_block + step - 1) / step;
    return in_layout(p.request, p.last, begin_block, end_block, begin_split, begin_block > 0 || p.end < p.request_end,
                     cuts_last || p.begin > p.last_begin);
  }
  /// The row of a part without work, of `requests`, the first of which costs `first_cost`.
  NSAMETA_HOST_DEVICE row idle(std::int32_t requests, std::int32_t first_cost, std::int32_t last_blocks) const {
    if (requests == 0) return in_layout(0, -1, 0, 0, 0, false, false);
    return in_layout(requests, requests - 1, first_cost - overhead - 1, last_blocks, 0, false, false);
  }

 private:
  NSAMETA_HOST_DEVICE row in_layout(std::int32_t begin_req, std::int32_t end_req, std::int32_t begin_block,
                                    std::int32_t end_block, std::int32_t begin_split, bool first_is_split,
                                    bool last_is_split) const {
    if (layout_2025) return {{begin_req, begin_block, end_req, end_block, begin_split, 0, 0, 0}};
    return {{begin_req, end_req, begin_block, end_block, begin_split, first_is_split, last_is_split, 0}};
  }
};

/// aiter's works. An entry is a row, and in the intra form stands `copies` times. The fast form cuts one line of all
/// entries as tile_rule does; the intra form cuts each entry in equal pieces.
struct aiter_rule {
  small_divisor rows;         ///< of a request
  small_divisor page;         ///< positions
  small_divisor granularity;  ///< pages of a block
  std::int32_t most;          ///< pages that an entry counts
  std::int32_t most_read;     ///< pages that it reads
  std::int32_t stride;        ///< pages between the begins of entries; 0: each begins where the one before ends
  std::int32_t parts;
  std::int32_t splits;     ///< fast: parts that get work. intra: pieces of an entry at most
  std::int32_t overhead;   ///< blocks
  std::int32_t piece_min;  ///< intra: pages that a piece is worth; 0: as many pieces as there may be
  std::int32_t copies;
  bool is_fast;

  static aiter_rule of(const nsameta_plan& plan, const nsameta_problem& problem, std::int32_t rows_each) {
    const bool is_fast = plan.preset == NSAMETA_AITER_FAST;
    const std::int64_t entries =
        larger<std::int64_t, std::int64_t>(problem.batch_size * rows_each * plan.head_ratio, 1);
    const auto page = small_divisor::of(plan.page_size);
    const std::int32_t read = plan.topk == 0 ? 0 : page.quotient(plan.topk - 1) + 1;
    const std::int64_t splits = !is_fast ? most_pieces(plan, entries)
                                : plan.most_splits == 0
                                    ? plan.parts
                                    : smaller<std::int64_t, std::int64_t>(plan.parts, plan.most_splits * entries);
    return {.rows = small_divisor::of(larger(rows_each, 1)),
            .page = page,
            .granularity = small_divisor::of(plan.block),
            .most = static_cast<std::int32_t>(most_plan_units / entries),
            .most_read = read == 0 ? static_cast<std::int32_t>(int32_max) : read,
            .stride = is_fast ? read : 0,
            .parts = plan.parts,
            .splits = static_cast<std::int32_t>(splits),
            .overhead = larger(1, (15 + plan.page_size) / plan.page_size),
            .piece_min = plan.preset == NSAMETA_AITER_INTRA ? 196 : 0,
            .copies = plan.head_ratio,
            .is_fast = is_fast};
  }

  /// Pages that an entry reads of `length` positions, if there were no limit to count.
  NSAMETA_HOST_DEVICE std::int32_t pages_of(std::int64_t length) const {
    const std::int32_t pages = length > 0 ? page.quotient(static_cast<std::int32_t>(length) - 1) + 1 : 0;
    return smaller(pages, most_read);
  }
  NSAMETA_HOST_DEVICE bool is_too_long(std::int64_t length) const { return pages_of(length) > most; }

  struct entry {
    std::int32_t pages;
    std::int32_t last;  ///< keys of the last page
  };
  NSAMETA_HOST_DEVICE entry entry_of(std::int64_t length) const {
    const std::int32_t pages = smaller(pages_of(length), most), positions = static_cast<std::int32_t>(length);
    return {pages, length > 0 ? positions - page.quotient(positions - 1) * page.value : 0};
  }
  NSAMETA_HOST_DEVICE std::int32_t blocks(std::int32_t pages) const {
    return pages > 0 ? granularity.quotient(pages - 1) + 1 : 0;
  }
  NSAMETA_HOST_DEVICE std::int32_t cost(const entry& e) const { return blocks(e.pages) + overhead; }

  struct work {
    std::int32_t word[8];
  };

  /// The pieces of an entry by itself: as many, of so many pages each but for the last.
  struct pieces {
    std::int32_t count, pages;
  };
  NSAMETA_HOST_DEVICE pieces pieces_of(const entry& e) const {
    const std::int32_t counted = larger(e.pages, 1);
    const std::int32_t wanted = piece_min == 0 ? splits : larger(smaller(counted / piece_min, splits), 1);
    const std::int32_t each = (blocks(counted) + wanted - 1) / wanted * granularity.value;
    const std::int32_t count = (counted - 1) / each + 1;
    const std::int32_t tail = counted - (count - 1) * each;
    return {count - (count > 1 && tail <= 4), each};
  }
  /// The pages that an entry of the intra form reads, where the ones before it have `before`: one without pages reads
  /// the first page of the next one, which begins behind it.
  struct range {
    std::int32_t begin, end;
  };
  NSAMETA_HOST_DEVICE range read_alone(const entry& e, std::int32_t before, bool is_after_empty) const {
    const std::int32_t begin = before + is_after_empty;
    return {begin, larger(before + e.pages, begin + 1)};
  }
  /// Piece `k` of those of entry `index`, which is work `number`.
  NSAMETA_HOST_DEVICE work piece_of(std::int32_t index, std::int32_t number, std::int32_t k, const pieces& cut,
                                    const range& read) const {
    const std::int32_t all = read.end - read.begin, to = k + 1 < cut.count ? (k + 1) * cut.pages : all;
    return work_of(index, cut.count > 1 ? number : -1, read.begin, k * cut.pages, to, {all, 1});
  }
  /// The first work of part `part`, where works are dealt in equal runs.
  NSAMETA_HOST_DEVICE std::int32_t first_work(std::int32_t part, std::int32_t works) const {
    const std::int32_t each = works / parts;
    return part * each + smaller(part, works - each * parts);
  }

  /// Pages [from, to) of an entry whose first is number `begin`.
  NSAMETA_HOST_DEVICE work work_of(std::int32_t index, std::int32_t partial, std::int32_t begin, std::int32_t from,
                                   std::int32_t to, const entry& e) const {
    const std::int32_t left = e.pages - to, keys = is_fast ? page.value : 1;
    const std::int32_t behind = left == 0 ? 0 : (left - 1) * keys + e.last;
    return {{index, partial, index, index + 1, begin + from, begin + to, behind, 0}};
  }
};

/// topk_plan: thresholds from the longest down, and how many rows may be longer than each.
struct topk_rule {
  static constexpr int rungs = 6;
  std::int32_t longer_than[rungs], most[rungs];
  std::int32_t rows_each;  ///< of a request

  static topk_rule of(const nsameta_plan& plan, std::int32_t rows_each) {
    topk_rule rule{{393216, 262144, 196608, 131072, 98304, 65536}, {128, 112, 80, 60, 48, 30}, rows_each};
    if (plan.threshold > 0)
      for (std::int32_t& length : rule.longer_than) length = plan.threshold;
    return rule;
  }

  /// Adds to `count[i]` the rows of a request that are longer than threshold i: its last ones, because they see more
  /// from row to row. `length(j)`: of row j.
  template <class Length>
  NSAMETA_HOST_DEVICE void add_longer(std::int32_t (&count)[rungs], const Length& length) const {
    if (rows_each == 0 || length(rows_each - 1) <= longer_than[rungs - 1]) return;  // which nearly all are
    NSAMETA_UNROLL(6)
    for (int i = 0; i < rungs; ++i) count[i] += rows_each - first_longer(longer_than[i], length);
  }
  template <class Length>
  NSAMETA_HOST_DEVICE std::int32_t first_longer(std::int32_t threshold, const Length& length) const {
    return first_beyond(0, rows_each, [&](std::int32_t j) { return length(j) > threshold; });
  }

  /// A threshold's number, where `count` is of the batch.
  NSAMETA_HOST_DEVICE int choose(const std::int32_t (&count)[rungs]) const {
    int chosen = 0;
    while (chosen + 1 < rungs && count[chosen] <= most[chosen] && count[chosen + 1] <= most[chosen + 1]) ++chosen;
    return chosen;
  }
};

/// How much of a list its buffers hold.
struct list_room {
  static constexpr int most_buffers = 3;
  std::int32_t capacity[most_buffers];  ///< below 0: the buffer is not wanted

  static list_room of(const nsameta_plan& plan) {
    list_room room{{-1, -1, -1}};
    int next = 0;
    const plan_kind& kind = row_of(plan.kind);
    for (std::size_t i = 0; i < kind.buffers.size(); ++i)
      if (kind.buffers[i].rows == plan_buffer::listed && plan.buffers[i].data != nullptr)
        room.capacity[next++] = static_cast<std::int32_t>(smaller(plan.buffers[i].capacity, int32_max));
      else
        next += kind.buffers[i].rows == plan_buffer::listed;
    return room;
  }
  NSAMETA_HOST_DEVICE std::int32_t most() const {
    return larger(larger(capacity[0], capacity[1]), larger(capacity[2], 0));
  }
  NSAMETA_HOST_DEVICE bool is_short(std::int64_t listed) const {
    const auto lacks = [&](std::int32_t held) { return held >= 0 && listed > held; };
    return lacks(capacity[0]) || lacks(capacity[1]) || lacks(capacity[2]);
  }
};

NSAMETA_HOST_DEVICE std::uint32_t bit_if(bool is_set, nsameta_status_bit bit) { return is_set ? bit : 0; }

/// What a list has of a request.
struct listed_part {
  std::int32_t count;
  std::uint32_t bits;  ///< nsameta_status_bit
};

/// kv_indptr, kv_indices and kv_last_page_len.
struct page_list_rule {
  divisor page;         ///< positions
  small_divisor shown;  ///< the same, of KV slots
  std::int64_t room;    ///< positions of a request that the table has columns for
  std::int32_t most;    ///< pages that a request counts
  bool of_blocks;
  list_room held;

  static page_list_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const bool of_blocks = plan.preset == NSAMETA_PAGES_OF_BLOCKS;
    const std::int32_t page = of_blocks ? problem.block_size : problem.page_size;
    const std::int64_t width = of_blocks ? problem.block_table.width : problem.req_to_token.width;
    return {
        .page = divisor::of(page),
        .shown = small_divisor::of(page),
        .room = smaller(width, int32_max) * (of_blocks ? page : 1),
        .most = static_cast<std::int32_t>(most_plan_units / larger<std::int64_t, std::int64_t>(problem.batch_size, 1)),
        .of_blocks = of_blocks,
        .held = list_room::of(plan)};
  }

  /// Its row of the table; null where it has none.
  NSAMETA_HOST_DEVICE const std::int32_t* row(const key_slots& keys, std::int64_t index) const {
    if (of_blocks) return keys.blocks.data + index * keys.blocks.row_stride;
    const std::int64_t slot = keys.row_of(index);
    return keys.has_row(slot) ? keys.tokens.data + slot * keys.tokens.row_stride : nullptr;
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
  list_room held;

  static logits_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {static_cast<std::int32_t>(most_plan_units / larger<std::int64_t, std::int64_t>(problem.batch_size, 1)),
            problem.num_logits.data != nullptr, list_room::of(plan)};
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
