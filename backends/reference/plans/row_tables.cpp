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

/// Entries that the row of token `j` reads on this rank.
std::int64_t entries_read(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t j) {
  const std::int64_t entries = local(problem.kv_shard, positions_seen(problem, r, j) / plan.ratio);
  return plan.topk == 0 ? entries : std::min<std::int64_t>(entries, plan.topk);
}

}  // namespace

void write_compressed_indices(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                              std::int32_t& status) {
  const nsameta_kv_shard& shard = problem.kv_shard;
  table_writer table(plan);
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share_of(requests), status);
    std::vector<std::int64_t> slots;  // of the entries of the rows so far, which the next ones read too
    std::int64_t entry = 0;
    for (std::int64_t j = 0; j < rows; ++j) {
      const std::int64_t count = entries_read(problem, plan, r, j);
      if (!table.has_room() && j + 1 < rows) {
        table.put({});
        continue;
      }
      for (; std::ssize(slots) < std::min<std::int64_t>(count, plan.columns); ++entry)
        if (entry / shard.interleave % shard.size == shard.rank)
          slots.push_back(slot_of_entry(problem, plan, r, entry, status));
      std::vector<std::int64_t> row = slots;
      const std::int64_t groups = std::max<std::int64_t>(1, rounded_up(count, plan.index_align));
      row.resize(static_cast<std::size_t>(std::min<std::int64_t>(groups * plan.index_align, plan.columns)), -1);
      table.put(row);
      if (table.is_short(count)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    }
  }
  if (table.is_short(0)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
}

void write_compressed_blocks(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                             std::int32_t& status) {
  const std::int64_t span = std::int64_t{plan.block} * plan.ratio;
  table_writer table(plan);
  for (const request& r : requests.kept) {
    const std::int64_t rows =
        plan.preset == NSAMETA_BLOCKS_OF_REQUESTS ? 1 : within_share(r.rows, share_of(requests), status);
    std::vector<std::int64_t> names;
    const std::int64_t blocks = r.is_live && rows > 0 ? rounded_up(r.cache_len, span) : 0;
    std::int32_t raised = 0;
    for (std::int64_t number = 0; number < std::min<std::int64_t>(blocks, plan.columns); ++number) {
      names.push_back(block_name(problem, plan, r, number, raised).value_or(-1));
      if ((raised & NSAMETA_BIT_BAD_SLOT) != 0) names.pop_back();  // a row that has no table is not written
    }
    status |= raised;
    if (table.is_short(blocks)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    for (std::int64_t j = 0; j < rows; ++j) table.put(names);
  }
  if (table.is_short(0)) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
}

}  // namespace nsameta::reference
