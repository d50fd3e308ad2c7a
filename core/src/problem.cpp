#include "problem.h"

#include <algorithm>
#include <limits>

#include "fields.h"

namespace nsameta {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

}  // namespace

row_outputs row_outputs_of(const nsameta_outputs& outputs) noexcept {
  row_outputs rows{0, most};
  for_each_wanted(outputs, [&]<std::size_t i>(const nsameta_vector& vector) {
    constexpr const vector_field& field = vector_fields[i];
    if constexpr (field.per_row()) {
      const std::int64_t held = field.size == extent::rows ? vector.capacity : vector.capacity - 1;
      rows.capacity = std::min(rows.capacity, std::max<std::int64_t>(0, held));
      ++rows.count;
    }
    return true;
  });
  return rows;
}

std::int64_t row_bound(const nsameta_problem& problem, const row_outputs& rows) noexcept {
  const mode_row& mode = row_of(problem.mode);
  if (!mode.takes_uniform && !mode.takes_ragged) return problem.batch_size;
  if (problem.extend_seq_lens.data != nullptr) return rows.count == 0 ? 0 : rows.capacity;
  std::int64_t uniform = 0;
  return __builtin_mul_overflow(problem.batch_size, problem.uniform_extend_len, &uniform) ? most : uniform;
}

}  // namespace nsameta
