/// One problem, one answer: whatever computes it, as often as it is computed, on however many threads, wherever its
/// memory lies, and whatever else is asked for.
#include <doctest/doctest.h>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstdio>

#include "field_digests.h"
#include "harness/backend_name.h"
#include "harness/random.h"

TEST_SUITE_BEGIN("determinism");

namespace nsameta::test {
namespace {

harness::generated_case drawn(std::int64_t number) {
  return harness::build_case(harness::draw_recipe(6, static_cast<std::uint64_t>(number)));
}

/// All fields and tables of a batch of a few hundred rows.
harness::generated_case small_batch(nsameta_mode mode, std::uint64_t seed) {
  harness::case_recipe recipe;
  recipe.mode = mode;
  recipe.batch_size = 70;
  recipe.max_context = 700;
  recipe.max_rows = 300;
  recipe.index_topk = 64;
  recipe.tables = harness::table_choice::all;
  recipe.page_size = 4;
  recipe.max_table_elements = 1 << 15;
  recipe.seed = seed;
  return harness::build_case(recipe);
}

/// Thousands of requests, and more rows than the policy table gives to one thread.
harness::generated_case large_batch(nsameta_mode mode, bool tables) {
  harness::case_recipe recipe;
  recipe.mode = mode;
  recipe.batch_size = mode == NSAMETA_EXTEND ? 3'000 : 80'000;
  recipe.max_rows = 300'000;
  recipe.bad_lengths = true;
  recipe.seed = 1;
  if (tables) {
    recipe.tables = harness::table_choice::all;
    recipe.max_context = 16;
    recipe.page_size = 4;
    recipe.max_table_elements = 1 << 16;
  }
  harness::generated_case batch = harness::build_case(recipe);
  REQUIRE(live_shape_of(batch.problem).rows > 65536);
  return batch;
}

/// The same requests, the last one first.
harness::generated_case backwards(harness::generated_case batch) {
  harness::problem_data& problem = batch.problem;
  for (harness::strided_values* values : {&problem.seq_lens, &problem.extend_seq_lens, &problem.req_pool_indices}) {
    if (!values->present()) continue;
    std::vector<std::int64_t> all = values->values();
    std::ranges::reverse(all);
    *values = harness::strided_values(all, values->dtype(), values->stride());
  }
  return batch;
}

/// Counts what was held against what.
struct comparisons {
  const char* what;
  long count = 0;
  void equal(const field_digests& got, const field_digests& expected) {
    ++count;
    CHECK(difference(got, expected) == "");
  }
  ~comparisons() { std::printf("%s: %ld answers compared\n", what, count); }
};

}  // namespace

TEST_CASE("every backend, variant, stream and run gives the same bits") {
  comparisons compared{"backends, variants, streams, runs"};
  for (std::int64_t number = 0; number < (is_sanitized ? 20 : 100); ++number) {
    CAPTURE(number);
    const harness::generated_case tested = drawn(number);
    const field_digests expected = digests_of("reference", tested);
    for (const std::string& backend : computing()) {
      CAPTURE(backend);
      for (int run = 0; run < 2; ++run) compared.equal(digests_of(backend, tested), expected);
      if (harness::place_of(backend).has_graphs()) compared.equal(digests_of(backend, tested, {true, 0}), expected);
    }
  }
}

TEST_CASE("where inputs and outputs lie changes no bit") {
  comparisons compared{"places in memory"};
  for (const nsameta_mode mode : all_modes) {
    const harness::generated_case plain = small_batch(mode, 3);
    const field_digests expected = digests_of("reference", plain);
    for (const std::string& backend : computing())
      for (const std::int64_t shift : {0, 1, 2, 3, 5, 7, 13, 31}) {
        CAPTURE(backend);
        CAPTURE(shift);
        harness::generated_case moved = plain;
        for (harness::vector_layout& vector : moved.layout.vectors) vector.misalignment = shift;
        for (harness::table_layout& table : moved.layout.tables) {
          table.misalignment = shift;
          table.row_stride += shift;
        }
        compared.equal(digests_of(backend, moved), expected);
        compared.equal(digests_of(backend, plain, {false, shift}), expected);
      }
  }
}

TEST_CASE("how lengths are stored changes no bit") {
  comparisons compared{"types and strides of lengths"};
  for (const nsameta_mode mode : all_modes) {
    const harness::generated_case plain = small_batch(mode, 4);
    const field_digests expected = digests_of("reference", plain);
    for (const std::string& backend : computing())
      for (const nsameta_dtype dtype : {NSAMETA_INT32, NSAMETA_INT64})
        for (const std::int64_t stride : {1, 2, 5}) {
          CAPTURE(backend);
          CAPTURE(stride);
          harness::generated_case stored = plain;
          harness::problem_data& problem = stored.problem;
          for (harness::strided_values* values :
               {&problem.seq_lens, &problem.extend_seq_lens, &problem.req_pool_indices})
            if (values->present()) *values = harness::strided_values(values->values(), dtype, stride);
          compared.equal(digests_of(backend, stored), expected);
        }
  }
}

TEST_CASE("where in its batch a request stands changes no bit of its rows") {
  comparisons compared{"orders of requests"};
  for (const nsameta_mode mode : all_modes) {
    const harness::generated_case forth = small_batch(mode, 5), back = backwards(forth);
    for (const std::string& backend : computing()) {
      CAPTURE(backend);
      const std::vector<std::uint64_t> expected = request_digests("reference", forth);
      std::vector<std::uint64_t> reversed = request_digests(backend, back);
      std::ranges::reverse(reversed);
      ++compared.count;
      CHECK(reversed == expected);
    }
  }
}

TEST_CASE("fields that are asked for change no bit of others") {
  comparisons compared{"sets of fields"};
  const auto status = std::ranges::find(vector_fields, &nsameta_outputs::status, &vector_field::member);
  harness::random_source random(8);
  for (std::int64_t number = 0; number < (is_sanitized ? 4 : 20); ++number) {
    CAPTURE(number);
    harness::generated_case whole = drawn(1000 + number);
    for (std::size_t i = 0; i < vector_fields.size(); ++i)
      whole.layout.vectors[i].wanted = field_applies(vector_fields[i], whole.problem);
    const field_digests expected = digests_of("reference", whole);
    for (const std::string& backend : computing()) {
      CAPTURE(backend);
      for (int set = 0; set < 5; ++set) {
        harness::generated_case some = whole;
        for (harness::vector_layout& vector : some.layout.vectors) vector.wanted = vector.wanted && random.chance(30);
        for (harness::table_layout& table : some.layout.tables) table.wanted = table.wanted && random.chance(50);
        field_digests all = expected;
        // The status word tells of the capacities of what was asked for; it is compared where all is.
        all[static_cast<std::size_t>(status - vector_fields.begin())] = 0;
        compared.equal(digests_of(backend, some), all);
      }
      compared.equal(digests_of(backend, whole), expected);
    }
  }
}

TEST_CASE("the number of threads changes no bit") {
  comparisons compared{"threads"};
  for (const nsameta_mode mode : all_modes)
    for (const bool tables : {false, true}) {
      CAPTURE(mode);
      CAPTURE(tables);
      const harness::generated_case large = large_batch(mode, tables);
      const field_digests expected = digests_of("reference", large);
      for (const int threads : {1, 2, 3, 8}) {
        CAPTURE(threads);
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                        static_cast<std::size_t>(threads));
        tbb::task_arena arena(threads);
        for (int run = 0; run < 3; ++run)
          arena.execute([&] { compared.equal(digests_of("cpu/tbb", large), expected); });
      }
      if (is_sanitized && tables) continue;
      for (const std::string& backend : computing()) {
        CAPTURE(backend);
        compared.equal(digests_of(backend, large), expected);
      }
    }
}

}  // namespace nsameta::test

TEST_SUITE_END();
