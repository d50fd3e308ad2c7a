/// What does not stand per request or row: last sums, tails, the status word.
#pragma once

#include "common/outcome.h"
#include "cpu/locate.h"

namespace nsameta::cpu {

template <class Batch>
void write_outcome(const Batch& batch, const segment_index& segments, const totals& all) {
  write_ends(batch, all);
  const auto set = [](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
    if (!present(vector)) return;
    for (std::int64_t i = live; i < vector.capacity; ++i) store_sum(vector, i, value);
  };
  for_each_tail(batch, all, set);
  if (!present(batch.out.status)) return;
  *static_cast<std::uint32_t*>(batch.out.status.data) =
      status_word(batch, all, [&](int, std::int64_t row) { return locate_row(batch, segments, row); });
}

}  // namespace nsameta::cpu
