#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "harness/compare.h"
#include "harness/digest.h"

namespace nsameta::test {
namespace {

using namespace harness;

/// Two outputs, one of them int64, and a table of one row per request.
struct answer {
  std::vector<std::int32_t> lengths{4, 5, 6};
  std::vector<std::int64_t> sums{0, 4, 9, 15};
  std::vector<std::int32_t> table{1, 2, 3, -9, 4, 5, -9, -9, 6, 7, 8, 9};

  nsameta_outputs view() {
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    outputs.cache_seqlens = {lengths.data(), std::ssize(lengths), NSAMETA_INT32};
    outputs.cu_seqlens_k = {sums.data(), std::ssize(sums), NSAMETA_INT64};
    outputs.page_table_1 = {table.data(), 3, 4, 4};
    return outputs;
  }
  std::uint64_t sum() {
    digest d;
    d.add(view(), shape);
    return d.value();
  }

  inline static const live_shape shape{{{0, 1, 1, 0, 3, 3, 3}, {1, 1, 1, 0, 2, 2, 2}, {2, 1, 1, 0, 4, 4, 4}}, 3, 3};
};

TEST_CASE("equal answers have no difference") {
  answer a, b;
  CHECK_FALSE(compare(a.view(), b.view()));
  CHECK(a.sum() == b.sum());
}

TEST_CASE("the first difference is told with field, index and both values") {
  answer got, expected;
  got.sums[2] = (1LL << 40) + 9;
  const auto found = compare(got.view(), expected.view());
  REQUIRE(found);
  CHECK(to_string(*found) == "cu_seqlens_k[2]: 1099511627785, expected 9");
  CHECK(got.sum() != expected.sum());
}

TEST_CASE("bytes are compared and added up one by one") {
  answer got, expected;
  std::array<bool, 5> marked{false, false, true, true, true}, other = marked;
  const auto with = [](answer& of, std::array<bool, 5>& bytes) {
    nsameta_outputs view = of.view();
    view.is_padding = {bytes.data(), std::ssize(bytes), NSAMETA_BOOL};
    return view;
  };
  const auto sum = [](const nsameta_outputs& outputs) {
    digest d;
    d.add(outputs, answer::shape);
    return d.value();
  };
  CHECK_FALSE(compare(with(got, marked), with(expected, other)));
  other[1] = true;
  CHECK(to_string(*compare(with(got, other), with(expected, marked))) == "is_padding[1]: 1, expected 0");
  CHECK(sum(with(got, marked)) != sum(with(got, other)));
  other = marked;
  other[4] = false;
  CHECK_FALSE(compare_live(with(got, marked), with(expected, other), answer::shape));
  CHECK(sum(with(got, marked)) == sum(with(got, other)));
}

TEST_CASE("beyond the live columns, only the whole answers differ") {
  answer got, expected;
  got.table[6] = 11;
  const auto found = compare(got.view(), expected.view());
  REQUIRE(found);
  CHECK(to_string(*found) == "page_table_1[6]: 11, expected -9");
  CHECK_FALSE(compare_live(got.view(), expected.view(), answer::shape));
  CHECK(got.sum() == expected.sum());

  got.table[9] = 12;
  const auto live = compare_live(got.view(), expected.view(), answer::shape);
  REQUIRE(live);
  CHECK(to_string(*live) == "page_table_1[9]: 12, expected 7");
  CHECK(got.sum() != expected.sum());
}

TEST_CASE("a word of a plan that differs is told, and changes the digest") {
  struct planned : answer {
    std::vector<std::int32_t> words = std::vector<std::int32_t>(2 * 3);
    nsameta_plan plan{};
    nsameta_outputs with_plan() {
      plan.kind = NSAMETA_PLAN_PAGED_MQA;
      plan.parts = 2;
      plan.buffers[0] = {words.data(), std::ssize(words), NSAMETA_INT32};
      nsameta_outputs outputs = view();
      outputs.plans = &plan;
      outputs.plan_count = 1;
      return outputs;
    }
    std::string text() {
      digest d;
      d.add(with_plan(), shape);
      return d.text();
    }
  } a, b;
  CHECK_FALSE(compare(a.with_plan(), b.with_plan()));
  CHECK(a.text() == b.text());
  b.words[5] = 7;
  CHECK(to_string(compare(a.with_plan(), b.with_plan()).value()) == "paged_mqa_schedule[5]: 0, expected 7");
  CHECK(to_string(compare_live(a.with_plan(), b.with_plan(), answer::shape).value()) ==
        "paged_mqa_schedule[5]: 0, expected 7");
  CHECK(a.text() != b.text());
}

TEST_CASE("answers of other sizes are not compared") {
  answer a, b;
  b.lengths.push_back(0);
  CHECK_THROWS_AS(compare(a.view(), b.view()), std::invalid_argument);
  CHECK_THROWS_AS(compare_live(a.view(), b.view(), answer::shape), std::invalid_argument);
}

TEST_CASE("the digest is a fixed function") {
  // Logs of different machines and versions are compared by it.
  CHECK(digest().text() == "cbf29ce484222325");
  answer a;
  digest d;
  d.add(a.view(), answer::shape);
  CHECK(d.text() == "520a08ba24e9dc0f");
}

TEST_CASE("int32 and int64 outputs of one value have one digest") {
  answer wide;
  std::vector<std::int32_t> sums(wide.sums.begin(), wide.sums.end());
  nsameta_outputs narrow = wide.view();
  narrow.cu_seqlens_k = {sums.data(), std::ssize(sums), NSAMETA_INT32};
  digest d;
  d.add(narrow, answer::shape);
  CHECK(d.value() == wide.sum());
}

}  // namespace
}  // namespace nsameta::test
