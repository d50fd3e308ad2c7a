// What the C++ layer knows that the C interface cannot: where a span ends, and how long its memory lives.
#include <array>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "expect.h"
#include "nsameta/nsameta.hpp"

using namespace nsameta;
using namespace nsameta::test;

namespace {

using ints = std::vector<std::int32_t>;
using wide_ints = std::vector<std::int64_t>;

const ints three{4, 5, 6}, two{1, 2}, tokens(8, 1);

void expect_refusal(const result& got, const std::string& message) {
  CHECK(got.status() == NSAMETA_INVALID_ARGUMENT);
  CHECK(got.message() == message);
}

template <class Values>
constexpr bool holds_seq_lens =
    requires(problem what, Values&& values) { what.with_seq_lens(std::forward<Values>(values)); };
template <class Values>
constexpr bool holds_extend_seq_lens =
    requires(problem what, Values&& values) { what.with_extend_seq_lens(std::forward<Values>(values)); };
template <class Values>
constexpr bool holds_slots =
    requires(problem what, Values&& values) { what.with_req_pool_indices(std::forward<Values>(values)); };
template <class Values>
constexpr bool holds_table =
    requires(problem what, Values&& values) { what.with_req_to_token(std::forward<Values>(values), 4); };
template <class Values>
constexpr bool holds_block_table =
    requires(problem what, Values&& values) { what.with_block_table(std::forward<Values>(values), 4); };
template <class Values>
constexpr bool holds_live_requests =
    requires(problem what, Values&& values) { what.with_live_requests(std::forward<Values>(values)); };
template <class Values>
constexpr bool holds_elements = requires(Values&& values) { strided(std::forward<Values>(values)); };
template <class Values>
constexpr bool holds_output = requires(outputs into, Values&& values) {
  into.with(&nsameta_outputs::cache_seqlens, std::forward<Values>(values));
};

template <class Values>
constexpr bool any_holds =
    holds_seq_lens<Values> || holds_extend_seq_lens<Values> || holds_slots<Values> || holds_table<Values> ||
    holds_block_table<Values> || holds_live_requests<Values> || holds_elements<Values> || holds_output<Values>;

}  // namespace

TEST_CASE("a span shorter than the batch is refused with both sizes") {
  ints rows(16);
  outputs into;
  into.with(&nsameta_outputs::seqlens_expanded, rows);
  problem step(NSAMETA_EXTEND);
  step.with_extend_seq_lens(two).with_seq_lens(three);  // in either order
  const std::string refused = "extend_seq_lens has elements for 2 requests, less than the 3 of the batch";
  expect_refusal(fill(step, into), refused);
  expect_refusal(explain(step, into).outcome, refused);
  expect_refusal(fill_many(step, std::array{into}), refused);
  expect_refusal(fill_many(step, std::array<nsameta_outputs, 1>{into}), refused);
  expect_refusal(fill(step.with_extend_seq_lens(three, 2), into), refused);
  CHECK(fill(step.with_extend_seq_lens(three), into).status() == NSAMETA_OK);

  problem decode(NSAMETA_DECODE);
  decode.with_seq_lens(three).with_req_pool_indices(two).with_req_to_token(tokens, 4);
  expect_refusal(fill(decode, into), "req_pool_indices has elements for 2 requests, less than the 3 of the batch");
  CHECK(fill(decode.with_seq_lens(two), into).status() == NSAMETA_OK);
}

TEST_CASE("a block table has a row for each request, and says where keys are written") {
  std::vector<std::int64_t> slots(3);
  const ints blocks{7, 3, 0, 2, 8, 0, 5};  // rows of two, three apart
  const outputs into = outputs().with(&nsameta_outputs::slot_mapping, slots);
  problem decode(NSAMETA_DECODE);
  decode.with_seq_lens(three).with_block_table(blocks, 2, 3).with_block_size(2).with_pad_slot(-9);
  expect_refusal(fill(decode, into), "block_table.slots is 2, less than batch_size, which is 3");
  CHECK(fill(decode.with_block_table(blocks, 1, 3), into).message() == "");
  CHECK(slots == std::vector<std::int64_t>{-9, -9, -9});  // past one block of 2 positions
  const ints lengths{2, 1, 0};
  CHECK(fill(decode.with_seq_lens(lengths), into).message() == "");
  CHECK(slots == std::vector<std::int64_t>{15, 4, -9});
}

TEST_CASE("rows of padding are told apart, and their requests have a length of their own") {
  std::array<bool, 4> marked{};
  ints cached(4);
  outputs into;
  into.with(&nsameta_outputs::is_padding, marked).with(&nsameta_outputs::cache_seqlens, cached);
  into.vector_tail = NSAMETA_TAIL_ZERO;
  const std::int32_t live = 1;
  problem decode(NSAMETA_DECODE);
  decode.with_seq_lens(three).with_live_requests({&live, 1}).with_seq_pad(1);
  CHECK(fill(decode, into).message() == "");
  CHECK(marked == std::array<bool, 4>{false, true, true, true});
  CHECK(cached == ints{three[0], 1, 1, 1});
  expect_refusal(fill(decode.with_seq_pad(2), into), "seq_pad is 2, neither 0 nor 1");
}

TEST_CASE("rows behind those of the batch are padding") {
  ints rows(6);
  outputs into;
  into.with(&nsameta_outputs::seqlens_expanded, rows);
  problem decode(NSAMETA_DECODE);
  decode.with_seq_lens(three).with_pad_rows_to(5);
  CHECK(fill(decode, into).message() == "");
  CHECK(rows == ints{three[0], three[1], three[2], 1, 1, 0});
  expect_refusal(fill(decode.with_pad_rows_to(7), into), "seqlens_expanded.capacity is 6, but pad_rows_to is 7");
}

TEST_CASE("with a stride of 0 the first element stands for all requests") {
  ints rows(16), lengths(5);
  const ints one{2}, none;
  outputs into;
  into.with(&nsameta_outputs::seqlens_expanded, rows);
  problem step(NSAMETA_EXTEND);
  CHECK(fill(step.with_seq_lens(three).with_extend_seq_lens(one, 0), into).message() == "");
  CHECK(rows[4] == 5);  // of the last request, 6 tokens of which 2 are new
  CHECK(rows[5] == 6);
  expect_refusal(fill(step.with_extend_seq_lens(none, 0), into),
                 "extend_seq_lens has elements for 0 requests, less than the 3 of the batch");

  problem decode(NSAMETA_DECODE);
  into.with(&nsameta_outputs::cache_seqlens, lengths);
  decode.with_seq_lens(one, 0).with_req_pool_indices(one, 0).with_req_to_token(tokens, 2);
  CHECK(decode.batch_size == 1);  // until it is set
  decode.batch_size = 5;
  CHECK(fill(decode, into).message() == "");
  CHECK(lengths == ints(5, 2));
}

TEST_CASE("a context limit, and a number of live requests that changes between two fills of the same problem") {
  ints kept(3), live{3};
  const outputs into = outputs().with(&nsameta_outputs::cache_seqlens, kept);
  problem decode(NSAMETA_DECODE);
  decode.with_seq_lens(three).with_context_limit(5).with_live_requests(live);
  CHECK(fill(decode, into).message() == "");
  CHECK(kept == ints{4, 5, 5});
  live[0] = 1;
  CHECK(fill(decode, into).message() == "");
  CHECK(kept == ints{4, 0, 0});
  expect_refusal(fill(decode.with_context_limit(-1), into), "context_limit is -1, outside [0, 2147483647]");

  const ints none;
  expect_refusal(fill(decode.with_context_limit(0).with_live_requests(none), into),
                 "live_requests has 0 elements, less than 1");
  CHECK(fill(decode.with_live_requests(std::span(live)), into).message() == "");
  CHECK(kept == ints{4, 0, 0});
}

TEST_CASE("tokens are dealt in turn unless a kind is named") {
  problem step(NSAMETA_EXTEND);
  CHECK(step.with_q_shard(4, 1, NSAMETA_Q_SHARD_ZIGZAG).q_shard.kind == NSAMETA_Q_SHARD_ZIGZAG);
  CHECK(step.with_q_shard(4, 1).q_shard.kind == NSAMETA_Q_SHARD_ROUND_ROBIN);
}

TEST_CASE("the cache lengths of all ranks, and a prefill in zigzag") {
  const ints lengths{30, 17}, queries{9, 17};
  ints of_ranks(4), splits(8), index(4), per_rank(2), q_prev(2), q_next(2), kv_prev(2), kv_next(2), reverse(8),
      gathered(8);
  const zigzag_buffers to{splits, index, per_rank, q_prev, q_next, kv_prev, kv_next, reverse, gathered};
  std::array plans{dcp_local(of_ranks), zigzag(2, 1, to)};
  const outputs into = outputs().with_plans(plans);
  problem step(NSAMETA_EXTEND);
  step.with_seq_lens(lengths).with_extend_seq_lens(queries).with_kv_shard(2, 1, 16);
  CHECK(fill(step, into).message() == "");
  CHECK(of_ranks == ints{16, 14, 16, 1});
  CHECK(splits == ints{3, 2, 2, 2, 5, 4, 4, 4});
  CHECK(index == ints{1, 5, 2, 6});
  CHECK(per_rank == ints{14, 12});
  CHECK(q_prev == ints{2, 4});
  CHECK(q_next == ints{2, 4});
  CHECK(kv_prev == ints{26, 9});
  CHECK(kv_next == ints{28, 13});
  CHECK(reverse == ints{0, 4, 6, 2, 1, 5, 7, 3});
  CHECK(gathered == ints{3, 5, 2, 4, 2, 4, 2, 4});
  plans[1] = zigzag(2, 2, to);
  expect_refusal(fill(step, into), "plans[1]: zigzag: cp_rank is 2, but cp_size is 2");
}

TEST_CASE("a compressed cache, its rows and its requests") {
  const ints lengths{4, 9, 15};
  ints seen(3), clamped(3), positions(3), past(3), now(3), sums(4), events(8, 7), event_count(1), carries(12, 7),
      carry_count(1);
  const std::array plans{compressed_rows({.ratio = 4, .block_size = 16, .topk = 2}, {seen, {}, clamped, positions, {}}),
                         compressed_requests(4, past, now, sums), compressed_events(4, true, event_count, events),
                         compressed_carries(4, carry_count, carries)};
  problem step(NSAMETA_DECODE);
  CHECK(fill(step.with_seq_lens(lengths), outputs().with_plans(plans)).message() == "");
  CHECK(seen == ints{1, 2, 3});
  CHECK(clamped == ints{1, 2, 2});
  CHECK(positions == ints{0, 8, 12});
  CHECK(past == ints{0, 2, 3});
  CHECK(now == ints{1, 2, 3});
  CHECK(sums == ints{0, 1, 1, 1});
  CHECK(carry_count == ints{2});
  CHECK(carries == ints{1, 8, 1, 1, 2, 14, 2, 1, 7, 7, 7, 7});
  CHECK(event_count == ints{1});
  CHECK(events == ints{0, 0, 4, 7, 7, 7, 7, 7});
  std::vector<std::int64_t> slots(3);
  const std::array with_slots{compressed_rows({.ratio = 4, .block_size = 16}, {{}, {}, {}, {}, slots})};
  expect_refusal(fill(step, outputs().with_plans(with_slots)), "req_to_token is absent, but plans[0] asks for out_loc");
}

TEST_CASE("a compressed cache, its slots and its blocks") {
  const ints lengths{9, 3}, rows{1, 0};
  ints tokens(2 * 16);
  for (int i = 0; i < 32; ++i) tokens[static_cast<std::size_t>(i)] = 160 + i;
  ints indices(2 * 4, 7), blocks(2 * 3, 7);
  const compressed_cache cache{.ratio = 4, .block_size = 2};
  const std::array plans{compressed_indices(cache, indices, 4, 2),
                         compressed_blocks(NSAMETA_BLOCKS_OF_REQUESTS, cache, blocks, 3)};
  problem step(NSAMETA_DECODE);
  step.with_seq_lens(lengths).with_req_to_token(tokens, 16).with_req_pool_indices(rows).with_page_size(8);
  CHECK(fill(step, outputs().with_plans(plans)).message() == "");
  CHECK(indices == ints{44, 45, 7, 7, -1, -1, 7, 7});
  CHECK(blocks == ints{22, 23, 7, 20, 7, 7});
}

TEST_CASE("a buffer of all requests' entries") {
  const ints lengths{9, 14}, tokens_new{2, 5}, rows{0, 0};
  ints tokens(16);
  for (int i = 0; i < 16; ++i) tokens[static_cast<std::size_t>(i)] = 160 + i;
  ints sums(3), begins(7), ends(7), count(1), blocks(4, 7);
  const std::array plans{ragged_rows(4, 2, sums, begins, ends),
                         ragged_blocks({.ratio = 4, .block_size = 2}, count, blocks)};
  problem step(NSAMETA_EXTEND);
  step.with_seq_lens(lengths).with_extend_seq_lens(tokens_new).with_req_to_token(tokens, 16);
  step.with_req_pool_indices(rows).with_page_size(8);
  CHECK(fill(step, outputs().with_plans(plans)).message() == "");
  CHECK(sums == ints{0, 2, 6});
  CHECK(begins == ints{0, 0, 2, 2, 2, 2, 2});
  CHECK(ends == ints{2, 2, 4, 4, 5, 5, 5});
  CHECK(count == ints{3});
  CHECK(blocks == ints{20, 20, 21, 7});
}

TEST_CASE("a sliding window of each source") {
  const ints lengths{2, 5}, rows{0, 1}, slots{100, 101, 102, 103, 104, 105, 106, 107, 108, 109};
  const ints tokens{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  ints seen(2), indices(2 * 4, 7), own(2);
  problem step(NSAMETA_DECODE);
  step.with_seq_lens(lengths).with_req_to_token(tokens, 5).with_req_pool_indices(rows).with_full_to_swa(slots);
  const std::array by_slots{window({NSAMETA_WINDOW_OF_SLOTS, 3}, seen, indices, 4, own, 4)};
  CHECK(fill(step, outputs().with_plans(by_slots)).message() == "");
  CHECK(seen == ints{2, 3});
  CHECK(indices == ints{101, 100, -1, -1, 109, 108, 107, -1});
  CHECK(own == ints{101, 109});
  const std::array in_rings{
      window({.kept = NSAMETA_WINDOW_OF_RINGS, .size = 3, .ring = 4, .oldest_first = true}, {}, indices, 4, {}, 1)};
  CHECK(fill(step, outputs().with_plans(in_rings)).message() == "");
  CHECK(indices == ints{0, 1, -1, -1, 6, 7, 4, -1});
  const std::array refused{window({NSAMETA_WINDOW_OF_POSITIONS, 3, 4}, seen, indices, 4)};
  expect_refusal(fill(step, outputs().with_plans(refused)),
                 "plans[0]: window: swa_ring is 4, but its slots are not of rings: 0 is wanted");
}

TEST_CASE("a window of given slots, and blocks of a table of their own") {
  const ints lengths{2, 5}, slots{100, 101, 102, 103, 104}, given{4, 3}, floors{1, 4}, one{1}, names{5, 9, 6, 7};
  const ints tokens{0, 1, 2, 3, 4, 0, 1, 2, 3, 4}, rows{0, 1};
  ints seen(2), own(2), blocks(4, -7);
  problem step(NSAMETA_DECODE);
  step.with_seq_lens(lengths).with_req_to_token(tokens, 5).with_req_pool_indices(rows).with_full_to_swa(slots);
  step.with_out_cache_loc(given).with_swa_floor(floors).with_block_table_of(2, names, 2);
  const compressed_cache cache{.ratio = 1, .block_size = 3, .blocks_from = 2};
  const std::array plans{window({NSAMETA_WINDOW_OF_SLOTS, 3}, seen, {}, 1, own),
                         compressed_blocks(NSAMETA_BLOCKS_OF_REQUESTS, cache, blocks, 2)};
  CHECK(fill(step, outputs().with_plans(plans)).message() == "");
  CHECK(seen == ints{1, 1});
  CHECK(own == ints{104, 103});
  CHECK(blocks == ints{5, -7, 6, 7});
  CHECK(fill(step, outputs().with_plans(plans).with_row_values_from(2)).message() == "");
  CHECK(seen == ints{0, 3});  // a floor of 4, and none
  CHECK(own == ints{103, -1});
  expect_refusal(fill(step.with_swa_floor(one), outputs().with_plans(plans)),
                 "swa_floor has 1 elements, but out_cache_loc has 2");
  expect_refusal(fill(step.with_block_table_of(5, names, 2), outputs().with_plans(plans)),
                 "with_block_table_of: number is 5, outside [1, 4]");
}

TEST_CASE("the indexer's lengths, of rows and repeated") {
  const ints lengths{10, 1};
  ints of_rows(6), repeated(6);
  const std::array plans{context_lens(NSAMETA_CONTEXT_LENS_OF_ROWS, 3, of_rows),
                         context_lens(NSAMETA_CONTEXT_LENS_REPEATED, 3, repeated)};
  problem step(NSAMETA_DECODE);
  CHECK(fill(step.with_seq_lens(lengths), outputs().with_plans(plans)).message() == "");
  CHECK(of_rows == ints{8, 9, 10, 0, 0, 1});
  CHECK(repeated == ints{10, 10, 10, 1, 1, 1});
  const std::array short_one{context_lens(NSAMETA_CONTEXT_LENS_OF_ROWS, 4, of_rows)};
  expect_refusal(fill(step, outputs().with_plans(short_one)),
                 "plans[0]: context_lens.capacity is 6, less than the 8 elements that it has");
}

TEST_CASE("a batch that was made larger than its lengths is refused") {
  problem decode(NSAMETA_DECODE);
  ints lengths(5);
  const outputs into = outputs().with(&nsameta_outputs::cache_seqlens, lengths);
  decode.with_seq_lens(three).batch_size = 4;
  expect_refusal(fill(decode, into), "seq_lens has elements for 3 requests, less than the 4 of the batch");
}

TEST_CASE("a temporary container does not compile where it would dangle") {
  CHECK_FALSE(any_holds<ints>);
  CHECK_FALSE(any_holds<wide_ints>);
  CHECK_FALSE(any_holds<const ints>);
  CHECK_FALSE(any_holds<std::array<std::int32_t, 4>>);
  CHECK(holds_seq_lens<const ints&>);
  CHECK(holds_extend_seq_lens<wide_ints&>);
  CHECK(holds_slots<std::span<const std::int64_t>>);
  CHECK(holds_table<std::span<std::int32_t>>);
  CHECK(holds_table<const ints&>);
  CHECK(holds_live_requests<const ints&>);
  CHECK(holds_live_requests<std::span<std::int32_t, 1>>);
  CHECK(holds_output<ints&>);
  CHECK(holds_output<std::span<std::int32_t>>);
}

TEST_CASE("the message of a temporary result outlives it") {
  const auto& message = fill(problem(NSAMETA_DECODE).with_index_topk(0), outputs()).message();
  static_assert(!std::is_lvalue_reference_v<decltype(fill(problem(NSAMETA_DECODE), outputs()).message())>);
  CHECK(message == "index_topk is 0, less than 1");
}

TEST_CASE("an empty container is an output without room, and no output that is not wanted") {
  problem step(NSAMETA_DECODE);
  ints empty;
  const outputs into = outputs().with(&nsameta_outputs::cache_seqlens, empty);
  expect_refusal(fill(step.with_seq_lens(three), into),
                 "cache_seqlens.capacity is 0, less than the 3 that batch_size 3 needs");
}

TEST_CASE("a stride that cannot be is refused by the fill") {
  problem step(NSAMETA_DECODE);
  ints kept(3);
  const outputs into = outputs().with(&nsameta_outputs::cache_seqlens, kept);
  expect_refusal(fill(step.with_seq_lens(three, -1), into), "seq_lens.stride is -1, negative");
  CHECK(step.with_seq_lens(three, 2).batch_size == 2);
}
