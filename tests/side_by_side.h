/// Both page tables in the columns of one allocation, held against worked values.
#pragma once

#include <doctest/doctest.h>

#include <vector>

#include "harness/input_buffers.h"
#include "harness/output_buffers.h"
#include "harness/problem_json.h"

namespace nsameta::test {

using table_rows = std::vector<std::vector<std::int32_t>>;

/// The tables' rows, each those of page_table_1 and then those of real_page_table, from memory of `place`.
template <class Fill>
table_rows filled_side_by_side(const harness::device_place& place, nsameta_tail tail, Fill fill) {
  const harness::problem_data problem =
      harness::case_from_json(R"({"mode":"decode","seq_lens":[5,1,8,0],"req_pool_indices":[1,0,1,9],
      "req_to_token":[[0,1,2,3,4,5,6,7,8,9],[40,41,42,43,44,45,46,47,48,49]],"page_size":4})")
          .problem;
  constexpr std::int64_t height = 6, left = 10, right = 3, stride = left + right + 1;
  harness::output_layout layout;
  layout.tables[0] = {true, height, stride, stride, 1};
  harness::input_buffers inputs(place);
  harness::output_buffers buffers(place, layout);
  inputs.upload(problem);
  nsameta_outputs outputs = buffers.view();
  std::int32_t* columns = outputs.page_table_1.data;
  outputs.page_table_1 = {columns, height, left, stride};
  outputs.real_page_table = {columns + left, height, right, stride};
  outputs.table_tail = tail;
  outputs.table_tail_value = -1;
  fill(inputs.view(), outputs);
  const nsameta_outputs& read = buffers.read_back();
  CHECK_FALSE(buffers.damaged_guard());
  table_rows all(static_cast<std::size_t>(height));
  for (std::size_t row = 0; row < all.size(); ++row) {
    const std::int32_t* begin = read.page_table_1.data + static_cast<std::int64_t>(row) * stride;
    all[row].assign(begin, begin + stride);
  }
  return all;
}

/// `fill(problem, outputs)`: fills them, and is done on return.
template <class Fill>
void check_side_by_side(const harness::device_place& place, Fill fill) {
  const std::int32_t x = filled_side_by_side(place, NSAMETA_TAIL_KEEP, fill)[5][13];  // what nobody writes
  const table_rows kept = filled_side_by_side(place, NSAMETA_TAIL_KEEP, fill);
  CHECK(kept[0] == std::vector<std::int32_t>{40, 41, 42, 43, 44, x, x, x, x, x, 10, 11, x, x});
  CHECK(kept[1] == std::vector<std::int32_t>{0, x, x, x, x, x, x, x, x, x, 0, x, x, x});
  CHECK(kept[2] == std::vector<std::int32_t>{40, 41, 42, 43, 44, 45, 46, 47, x, x, 10, 11, x, x});
  const table_rows set = filled_side_by_side(place, NSAMETA_TAIL_VALUE, fill);
  CHECK(set[0] == std::vector<std::int32_t>{40, 41, 42, 43, 44, -1, -1, -1, -1, -1, 10, 11, -1, x});
  CHECK(set[2] == std::vector<std::int32_t>{40, 41, 42, 43, 44, 45, 46, 47, -1, -1, 10, 11, -1, x});
}

}  // namespace nsameta::test
