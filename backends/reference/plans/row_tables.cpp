/// Tables of a compressed cache, element by element.
#include <algorithm>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// One row after another, as far as the table goes.
class table_writer {
 public:
  explicit table_writer(const nsameta_plan& plan) : out_(plan.buffers[0]), columns_(plan.columns) {}
  bool has_room() const { return rows_ < out_.capacity / columns_; }
  void put(const std::vector<std::int64_t>& row) {
    if (has_room())
      for (std::int64_t column = 0; column < std::min<std::int64_t>(std::ssize(row), columns_); ++column)
        static_cast<std::int32_t*>(out_.data)[rows_ * columns_ + column] =
            static_cast<std::int32_t>(row[static_cast<std::size_t>(column)]);
    ++rows_;
  }
  /// Whether it lacks columns of a row that has so many, or has lacked rows.
  bool is_short(std::int64_t columns) const { return columns > columns_ || rows_ > out_.capacity / columns_; }

 private:
  nsameta_vector out_;
  std::int64_t columns_, rows_ = 0;
};

/// Entries that a row which sees `v` positions reads on this rank.
std::int64_t entries_read(const nsameta_problem& problem, const nsameta_plan& plan, std::int64_t v) {
  const std::int64_t entries = local(problem.kv_shard, v / plan.ratio);
  return plan.topk == 0 ? entries : std::min<std::int64_t>(entries, plan.topk);
}

/// The slots of entries of a request, one row's after another's: each reads those of the rows before too.
class entry_slots {
 public:
  entry_slots(const nsameta_problem& problem, const nsameta_plan& plan, const request& r)
      : problem_(problem), plan_(plan), request_(r) {}
  /// A row that reads `count` entries, as it is written.
  std::vector<std::int64_t> row(std::int64_t count, std::int32_t& status) {
    const nsameta_kv_shard& shard = problem_.kv_shard;
    for (; std::ssize(slots_) < std::min<std::int64_t>(count, plan_.columns); ++entry_)
      if (entry_ / shard.interleave % shard.size == shard.rank)
        slots_.push_back(slot_of_entry(problem_, plan_, request_, entry_, status));
    std::vector<std::int64_t> row = slots_;
    const std::int64_t groups = plan_.invalid_tail != 0
                                    ? rounded_up(plan_.columns, plan_.index_align)
                                    : std::max<std::int64_t>(1, rounded_up(count, plan_.index_align));
    row.resize(static_cast<std::size_t>(std::min<std::int64_t>(groups * plan_.index_align, plan_.columns)), -1);
    return row;
  }

 private:
  const nsameta_problem& problem_;
  const nsameta_plan& plan_;
  const request& request_;
  std::vector<std::int64_t> slots_;
  std::int64_t entry_ = 0;
};

/// The names of a request's first `blocks` blocks; none where it has no table.
std::vector<std::int64_t> names_of_blocks(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                                          std::int64_t blocks, std::int32_t& status) {
  std::vector<std::int64_t> names;
  for (std::int64_t number = 0; number < std::min<std::int64_t>(blocks, plan.columns); ++number) {
    std::int32_t raised = 0;
    const std::optional<std::int64_t> name = block_name(problem, plan, r, number, raised);
    status |= raised;
    if ((raised & NSAMETA_BIT_BAD_SLOT) == 0) names.push_back(name.value_or(-1));
  }
  return names;
}

}  // namespace

void write_compressed_indices(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                              std::int32_t& status) {
  table_writer table(plan);
  std::int64_t all_rows = 0;
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share_of(requests), status);
    all_rows += rows;
    entry_slots slots(problem, plan, r);
    for (std::int64_t j = 0; j < rows; ++j) {
      const std::int64_t count = entries_read(problem, plan, positions_seen(problem, r, j));
      if (!table.has_room() && j + 1 < rows) {
        table.put({});
        continue;
      }
      table.put(slots.row(count, status));
      if (table.is_short(count)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    }
  }
  if (table.is_short(0)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  for (std::int64_t i = 0; i < padding_rows(problem, requests, all_rows); ++i) {
    std::int32_t ignored = 0;
    table.put(entry_slots(problem, plan, requests.kept.back())
                  .row(entries_read(problem, plan, positions_of_padding_row(requests)), ignored));
  }
}

void write_compressed_blocks(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                             std::int32_t& status) {
  const std::int64_t span = std::int64_t{plan.block} * plan.ratio;
  const bool by_request = plan.preset == NSAMETA_BLOCKS_OF_REQUESTS;
  table_writer table(plan);
  std::int64_t all_rows = 0;
  const auto blocks_of = [&](const request& r) { return r.is_live ? rounded_up(r.cache_len, span) : 0; };
  for (const request& r : requests.kept) {
    const std::int64_t rows = by_request ? 1 : within_share(r.rows, share_of(requests), status);
    all_rows += rows;
    if (rows == 0) continue;
    const std::vector<std::int64_t> names = names_of_blocks(problem, plan, r, blocks_of(r), status);
    if (table.is_short(blocks_of(r))) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    for (std::int64_t j = 0; j < rows; ++j) table.put(names);
  }
  if (table.is_short(0)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  for (std::int64_t i = 0; !by_request && i < padding_rows(problem, requests, all_rows); ++i) {
    std::int32_t ignored = 0;
    const request& last = requests.kept.back();
    table.put(names_of_blocks(problem, plan, last, blocks_of(last), ignored));
  }
}

}  // namespace nsameta::reference
