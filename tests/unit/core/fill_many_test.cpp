#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "call.h"

using namespace nsameta::test;

namespace {

/// A call of `count` sets, each in buffers of its own.
struct many_calls {
  explicit many_calls(std::size_t count, nsameta_mode mode = NSAMETA_EXTEND) {
    for (std::size_t i = 0; i < count; ++i) calls.push_back(std::make_unique<call>(mode));
  }

  nsameta_status fill() {
    std::vector<nsameta_outputs> sets;
    for (const auto& one : calls) sets.push_back(one->outputs);
    call& first = *calls.front();
    return nsameta_fill_many(&first.problem, sets.data(), static_cast<std::int64_t>(sets.size()), &first.target);
  }
  bool untouched() const {
    return std::ranges::all_of(calls, [](const auto& one) { return one->untouched(); });
  }

  std::vector<std::unique_ptr<call>> calls;
};

void check_refused(many_calls& tried, std::initializer_list<std::string> words) {
  CHECK(tried.fill() == NSAMETA_INVALID_ARGUMENT);
  const std::string sentence = nsameta_last_error();
  for (const std::string& word : words)
    CHECK_MESSAGE(sentence.find(word) != std::string::npos, "\"", word, "\" is not in: ", sentence);
  CHECK(tried.untouched());
}

/// Spoils one set of several.
template <class Spoil>
void check_set_refused(std::size_t set, Spoil spoil, const std::string& words) {
  many_calls tried(4);
  spoil(tried.calls[set]->outputs);
  check_refused(tried, {"outputs[" + std::to_string(set) + "]", words});
}

}  // namespace

TEST_CASE("fill_many: what is wrong with a set is said with its index") {
  for (const std::size_t set : {0, 1, 3}) {
    check_set_refused(set, [](nsameta_outputs& o) { o.struct_size = 3; }, "outputs.struct_size is 3");
    check_set_refused(set, [](nsameta_outputs& o) { o.vector_tail = NSAMETA_TAIL_VALUE; }, "vector_tail is 2");
    check_set_refused(set, [](nsameta_outputs& o) { o.length_offset = -4294967296; }, "length_offset is -4294967296");
    check_set_refused(set, [](nsameta_outputs& o) { o.cache_seqlens.capacity = 3; }, "cache_seqlens.capacity is 3");
    check_set_refused(set, [](nsameta_outputs& o) { o.status.data = o.total_rows.data; }, "status overlaps total_rows");
    check_set_refused(
        set, [](nsameta_outputs& o) { o.page_table_1 = {static_cast<std::int32_t*>(o.status.data), 4, 4, 3}; },
        "page_table_1.row_stride is 3");
  }
}

TEST_CASE("fill_many: the count and its array") {
  call good(NSAMETA_DECODE);
  const auto fill = [&good](const nsameta_outputs* sets, std::int64_t count) {
    const nsameta_status status = nsameta_fill_many(&good.problem, sets, count, &good.target);
    CHECK(good.untouched());
    return status;
  };
  CHECK(fill(&good.outputs, -1) == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "count is -1, negative");
  CHECK(fill(&good.outputs, std::numeric_limits<std::int64_t>::min()) == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()).find("-9223372036854775808") != std::string::npos);
  CHECK(fill(nullptr, 1) == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "outputs is null");
  CHECK(fill(nullptr, 0) == NSAMETA_OK);
  CHECK(fill(&good.outputs, 0) == NSAMETA_OK);
}

TEST_CASE("fill_many: problem and target are checked too, also when there is no set") {
  call good(NSAMETA_DECODE);
  for (const std::int64_t count : {0, 1}) {
    CHECK(nsameta_fill_many(nullptr, &good.outputs, count, &good.target) == NSAMETA_INVALID_ARGUMENT);
    CHECK(std::string(nsameta_last_error()) == "problem is null");
    CHECK(nsameta_fill_many(&good.problem, &good.outputs, count, nullptr) == NSAMETA_INVALID_ARGUMENT);
    CHECK(std::string(nsameta_last_error()) == "target is null");
  }
  CHECK(good.untouched());
}

TEST_CASE("fill_many: sets that share a byte are named, whichever they are") {
  for (const std::size_t later : {1, 2, 3})
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      many_calls tried(4);
      nsameta_vector& taken = tried.calls[later]->outputs.token_to_batch;
      taken.data = static_cast<std::int32_t*>(tried.calls[earlier]->outputs.seqlens_expanded.data) + 31;
      check_refused(tried, {"outputs[" + std::to_string(earlier) + "] and outputs[" + std::to_string(later) + "]",
                            "token_to_batch", "seqlens_expanded", "at its byte "});
    }
}

TEST_CASE("fill_many: of many sets too, any two are weighed") {
  constexpr std::size_t count = 3 * NSAMETA_SETS_PER_LAUNCH + 1;
  CHECK(many_calls(count).fill() == NSAMETA_OK);
  for (std::size_t later = 1; later < count; later += 3)
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      many_calls tried(count);
      tried.calls[earlier]->outputs.status.data = tried.calls[later]->outputs.cu_seqlens_k.data;
      check_refused(tried, {"outputs[" + std::to_string(earlier) + "] and outputs[" + std::to_string(later) + "]",
                            "cu_seqlens_k overlaps status", "at its byte "});
    }
}

TEST_CASE("fill_many: tables of all sets may stand in the columns of one allocation, unless they share a byte") {
  constexpr std::size_t count = NSAMETA_SETS_PER_LAUNCH + 2, width = 6;
  std::vector<std::int32_t> columns(requests * count * width), pool(64), slots(requests);
  const auto place = [&](many_calls& tried, std::size_t moved) {
    tried.calls[0]->problem.req_pool_indices = {slots.data(), 1, NSAMETA_INT32};
    tried.calls[0]->problem.req_to_token = {pool.data(), 2, 32, 32};
    for (std::size_t set = 0; set < count; ++set) {
      const std::size_t first = set * width - (set == moved);
      tried.calls[set]->outputs.page_table_1 = {columns.data() + first, requests, width, count * width};
    }
  };
  many_calls good(count);
  place(good, count);
  const nsameta_status status = good.fill();
  CHECK_MESSAGE(status == NSAMETA_OK, nsameta_last_error());
  for (std::size_t moved = 1; moved < count; ++moved) {
    many_calls tried(count);
    place(tried, moved);
    check_refused(tried, {"outputs[" + std::to_string(moved - 1) + "] and outputs[" + std::to_string(moved) + "]",
                          "page_table_1 overlaps page_table_1 at its byte 20"});
  }
}

TEST_CASE("fill_many: a set that writes to the inputs is refused") {
  many_calls tried(3);
  tried.calls[2]->outputs.indexer_ke = {tried.calls[0]->seq_lens.data(), 2, NSAMETA_INT32};
  check_refused(tried, {"outputs[2]", "indexer_ke overlaps seq_lens"});
}

TEST_CASE("fill_many: good sets are accepted, one of them without any output") {
  many_calls tried(5);
  nsameta_outputs_init(&tried.calls[2]->outputs);
  const nsameta_status status = tried.fill();
  CHECK_MESSAGE(status == NSAMETA_OK, nsameta_last_error());
  CHECK(tried.calls[2]->untouched());
  CHECK_FALSE(tried.calls[4]->untouched());
}
