/// aiter's works of the attention.
#pragma once

#include "common/plans/line.h"
#include "plans.h"
#include "problem.h"

namespace nsameta {

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

  static aiter_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const std::int32_t rows_each = lengths_of(problem).uniform_rows;
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

}  // namespace nsameta
