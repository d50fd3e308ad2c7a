/// Pages of any size, against the slots that they begin at.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "answer.h"
#include "fields.h"
#include "fixture.h"
#include "harness/library_error.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {
namespace {

constexpr std::int32_t page_sizes[] = {1, 2, 3, 7, 63, 64, 65, 640, 1000, 1152, 2176, 4096, 65535, 65536};
constexpr std::int64_t slots = 4;

/// Where a page begins, a slot around a multiple of the page size or an end of int32; elsewhere what no page shows.
harness::token_table token_table_of(std::int32_t page_size, std::int64_t width) {
  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  const std::int32_t p = page_size;
  const std::vector<std::int32_t> begins{0,    p - 1, p,     p + 1,     -1,       -p,        -p - 1,    1 - p,
                                         most, least, 7 * p, 9 * p - 1, most - p, least + p, least + 1, 2 * p};
  harness::token_table table;
  table.slots = slots;
  table.width = table.row_stride = width;
  for (std::int64_t slot = 0; slot < slots; ++slot)
    for (std::int64_t position = 0; position < width; ++position) {
      const auto begin = static_cast<std::size_t>(5 * slot + position / p) % begins.size();
      table.memory.push_back(position % p == 0 ? begins[begin] : 123456789);
    }
  return table;
}

/// With rows of 0 to three pages and a few positions, and of lengths around those of pages.
harness::problem_data paged_problem(std::int32_t page_size) {
  const std::int64_t p = page_size, width = std::max<std::int64_t>(3 * p + 7, 700);
  longs lengths{0, 1, p - 1, p, p + 1, 2 * p, 2 * p + 1, 3 * p, 3 * p + 1, width - 3, width - 2}, indices;
  for (const std::int64_t length : lengths) indices.push_back((3 * std::ssize(indices) + length) % slots);
  harness::problem_data problem;
  problem.seq_lens = harness::strided_values(lengths);
  problem.req_pool_indices = harness::strided_values(indices);
  problem.req_to_token = token_table_of(page_size, width);
  problem.page_size = page_size;
  return problem;
}

rows expected_pages(const harness::problem_data& problem, std::int64_t drafts, std::int64_t copies) {
  rows pages;
  for (std::int64_t r = 0; r < problem.batch_size(); ++r) {
    std::vector<std::int32_t> row;
    const std::int32_t* slot =
        problem.req_to_token.memory.data() + problem.req_pool_indices[r] * problem.req_to_token.width;
    for (std::int64_t begin = 0; begin < problem.seq_lens[r] + drafts; begin += problem.page_size)
      row.push_back(static_cast<std::int32_t>(std::floor(slot[begin] / static_cast<double>(problem.page_size))));
    pages.insert(pages.end(), static_cast<std::size_t>(copies), row);
  }
  return pages;
}

/// `alone`: with no vector, so that a GPU's short kernels serve those of a power of two.
rows filled_pages(const harness::problem_data& problem, bool alone) {
  const nsameta_target target = tested().place.target();
  const harness::live_shape shape = live_shape_of(problem);
  harness::output_layout layout = exact_layout(problem, shape);
  for (std::size_t i = 0; i < table_fields.size(); ++i)
    layout.tables[i].wanted = table_fields[i].member == &nsameta_outputs::real_page_table;
  for (harness::vector_layout& vector : layout.vectors) vector.wanted = vector.wanted && !alone;
  filling fill(problem, {layout}, tested().place, harness::pages_in_turn());
  note_case(tested().spec, problem);
  harness::check(nsameta_fill(&fill.problem(), &fill.outputs(), &target));
  synchronize();
  const nsameta_table& table = fill.read_back().real_page_table;
  REQUIRE(fill.damage() == "");
  rows pages;
  for (const auto row : live_rows(table_fields[1], table, shape)) pages.emplace_back(row.begin(), row.end());
  return pages;
}

}  // namespace

TEST_CASE("a page is the floor of the slot that it begins at, whatever its size") {
  for (const std::int32_t page_size : page_sizes) {
    for (const bool alone : {false, true}) {
      CAPTURE(page_size);
      CAPTURE(alone);
      harness::problem_data problem = paged_problem(page_size);
      CHECK(filled_pages(problem, alone) == expected_pages(problem, 0, 1));
      problem.mode = NSAMETA_TARGET_VERIFY;
      problem.uniform_extend_len = 2;
      CHECK(filled_pages(problem, alone) == expected_pages(problem, 2, 2));
    }
  }
}

}  // namespace nsameta::test

TEST_SUITE_END();
