#include <algorithm>
#include <cinttypes>

#include "byte_ranges.h"
#include "status.h"
#include "validation.h"

namespace nsameta {
namespace {

struct set_range {
  byte_range bytes;
  std::int64_t set;
};

/// Few enough for the stack; two blocks of them are weighed together.
constexpr std::int64_t block_sets = NSAMETA_SETS_PER_LAUNCH;

/// The ranges of some validated sets.
class set_ranges {
 public:
  void add(const nsameta_outputs& set, std::int64_t index) noexcept {
    for_each_wanted(set, [&]<std::size_t i>(const nsameta_vector& vector) {
      add(vector_fields[i].name, vector.data, vector.capacity * element_bytes(vector.dtype), index);
      return true;
    });
    for (const table_field& field : table_fields) {
      const nsameta_table& table = set.*field.member;
      if (table.data != nullptr)
        add(field.name, table.data, table_bytes(table.rows, table.width, table.row_stride), index);
    }
  }

  nsameta_status check() noexcept {
    const auto end = ranges_.begin() + static_cast<std::ptrdiff_t>(count_);
    std::sort(ranges_.begin(), end,
              [](const set_range& a, const set_range& b) { return a.bytes.begin < b.bytes.begin; });
    // None of the sets overlaps itself, so that among sorted ranges the first overlap is one of neighbours.
    const auto found = std::adjacent_find(
        ranges_.begin(), end, [](const set_range& a, const set_range& b) { return a.bytes.end > b.bytes.begin; });
    if (found == end) [[likely]]
      return NSAMETA_OK;
    const bool in_order = found->set < found[1].set;
    const set_range& earlier = in_order ? found[0] : found[1];
    const set_range& later = in_order ? found[1] : found[0];
    return fail(NSAMETA_INVALID_ARGUMENT,
                "outputs[%" PRId64 "] and outputs[%" PRId64 "]: %s overlaps %s: both hold the byte at %p", earlier.set,
                later.set, later.bytes.name, earlier.bytes.name, reinterpret_cast<const void*>(found[1].bytes.begin));
  }

 private:
  void add(const char* name, const void* data, std::int64_t bytes, std::int64_t index) noexcept {
    byte_range range;
    if (make_range(data, bytes, 1, name, &range) && range.begin != range.end) ranges_[count_++] = {range, index};
  }

  std::array<set_range, 2 * block_sets * output_count> ranges_;
  std::size_t count_ = 0;
};

}  // namespace

nsameta_status validate_sets(const nsameta_outputs* outputs, std::int64_t count) noexcept {
  const auto add_block = [&](std::int64_t first, set_ranges* to) {
    for (std::int64_t set = first; set < std::min(first + block_sets, count); ++set) to->add(outputs[set], set);
  };
  if (count < 2) return NSAMETA_OK;
  for (std::int64_t first = 0; first == 0 || first + block_sets < count; first += block_sets)
    for (std::int64_t second = first + block_sets; second == first + block_sets || second < count;
         second += block_sets) {
      set_ranges both;
      add_block(first, &both);
      add_block(second, &both);
      if (auto status = both.check(); status != NSAMETA_OK) return status;
    }
  return NSAMETA_OK;
}

}  // namespace nsameta
