#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "call.h"
#include "nsameta/device.h"

using namespace nsameta::test;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

template <class T>
T* shifted(T* pointer, std::uintptr_t bytes) {
  return reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(pointer) + bytes);
}

}  // namespace

TEST_CASE("a null argument is named") {
  call good(NSAMETA_DECODE);
  CHECK(nsameta_fill(nullptr, &good.outputs, &good.target) == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "problem is null");
  CHECK(nsameta_fill(&good.problem, nullptr, &good.target) == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "outputs is null");
  CHECK(nsameta_fill(&good.problem, &good.outputs, nullptr) == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "target is null");
  CHECK(good.untouched());
}

TEST_CASE("mode is one of the table") {
  for (const int mode : {-1, static_cast<int>(nsameta::modes.size()), 77}) {
    check_rejected(NSAMETA_DECODE, [=](call& c) { c.problem.mode = static_cast<nsameta_mode>(mode); },
                   {"mode is " + std::to_string(mode), "draft_extend (2)"});
  }
}

TEST_CASE("batch_size is neither negative nor more than a row can name") {
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.batch_size = -3; }, {"batch_size is -3"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.batch_size = std::int64_t{1} << 31; },
                 {"batch_size is 2147483648"});
}

TEST_CASE("seq_lens is required") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    check_rejected(mode, [](call& c) { c.problem.seq_lens.data = nullptr; }, {"seq_lens is absent", "batch_size is 4"});
  }
}

TEST_CASE("inputs that few calls have are held to the same rules") {
  const std::pair<const char*, nsameta_strided nsameta_problem::*> inputs[]{
      {"topk_lens", &nsameta_problem::topk_lens},     {"extra_topk_lens", &nsameta_problem::extra_topk_lens},
      {"num_logits", &nsameta_problem::num_logits},   {"num_rejected", &nsameta_problem::num_rejected},
      {"full_to_swa", &nsameta_problem::full_to_swa}, {"out_cache_loc", &nsameta_problem::out_cache_loc},
      {"swa_floor", &nsameta_problem::swa_floor}};
  for (const auto& [text, member] : inputs) {
    const std::string name = text;
    const auto given = [member = member](std::ptrdiff_t past, std::int64_t stride, int dtype) {
      return [=](call& c) {
        c.problem.*member = {shifted(c.seq_lens.data(), past), stride, static_cast<nsameta_dtype>(dtype)};
      };
    };
    check_accepted(NSAMETA_DECODE, given(0, 1, NSAMETA_INT64));
    check_rejected(NSAMETA_DECODE, given(0, -1, NSAMETA_INT64), {name + ".stride is -1"});
    check_rejected(NSAMETA_DECODE, given(0, 1, 7), {name + ".dtype is 7"});
    check_rejected(NSAMETA_DECODE, given(1, 1, NSAMETA_INT32), {name + " is not aligned"});
  }
}

TEST_CASE("padding rows have room, and go with whole batches") {
  const auto padded = [](std::int64_t rows) { return [=](call& c) { c.problem.pad_rows_to = rows; }; };
  check_accepted(NSAMETA_DECODE, padded(4));
  check_rejected(NSAMETA_DECODE, padded(1000), {"seqlens_expanded.capacity is ", ", but pad_rows_to is 1000"});
  check_rejected(NSAMETA_DECODE, padded(-1), {"pad_rows_to is -1, outside [0, 2147483647]"});
  check_rejected(
      NSAMETA_DECODE,
      [&](call& c) {
        padded(4)(c);
        c.problem.q_shard.size = 2;
      },
      {"pad_rows_to is 4, but q_shard.size is 2"}, NSAMETA_UNSUPPORTED);
}

TEST_CASE("seq_pad is 0 or 1, and what is reserved is 0") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    for (const std::int32_t length : {0, 1}) check_accepted(mode, [=](call& c) { c.problem.seq_pad = length; });
    for (const std::int32_t length : {-1, 2, 2147483647})
      check_rejected(mode, [=](call& c) { c.problem.seq_pad = length; },
                     {"seq_pad is " + std::to_string(length) + ", neither 0 nor 1"});
  }
  check_rejected(
      NSAMETA_DECODE, [](call& c) { c.problem.reserved = 3; }, {"problem.reserved is 3"}, NSAMETA_UNSUPPORTED);
}

TEST_CASE("strides of the inputs are not negative and stay in memory") {
  for (const std::int64_t stride : {std::int64_t{-1}, int64_max}) {
    const std::string value = std::to_string(stride);
    check_rejected(NSAMETA_EXTEND, [=](call& c) { c.problem.seq_lens.stride = stride; },
                   {"seq_lens.stride is " + value});
    check_rejected(NSAMETA_EXTEND, [=](call& c) { c.problem.extend_seq_lens.stride = stride; },
                   {"extend_seq_lens.stride is " + value});
    check_rejected(NSAMETA_EXTEND,
                   [=](call& c) { c.problem.req_pool_indices = {c.seq_lens.data(), stride, NSAMETA_INT64}; },
                   {"req_pool_indices.stride is " + value});
  }
}

TEST_CASE("the stride of a batch of one may be any number") {
  const auto strides = [](call& c) {
    c.problem.batch_size = 1;
    c.problem.seq_lens.stride = c.problem.extend_seq_lens.stride = int64_max;
  };
  check_accepted(NSAMETA_EXTEND, strides);
}

TEST_CASE("inputs of stride 0 have one value for all requests") {
  for (const char* backend : {"reference", "cpu/serial", "cpu/tbb"}) {
    CAPTURE(backend);
    call one(NSAMETA_EXTEND), each(NSAMETA_EXTEND);
    for (call* c : {&one, &each}) {
      c->seq_lens.fill(7);
      c->extend_seq_lens.fill(2);
      c->problem.req_pool_indices = {c->extend_seq_lens.data(), 1, NSAMETA_INT64};
      c->problem.req_to_token = {c->table.data(), 4, 16, 16};
      c->outputs.page_table_1 = {c->table.data() + 1024, 4, 16, 16};
    }
    one.problem.seq_lens.stride = one.problem.extend_seq_lens.stride = one.problem.req_pool_indices.stride = 0;
    for (call* c : {&one, &each}) REQUIRE(nsameta_fill_on(backend, &c->problem, &c->outputs, &c->target) == NSAMETA_OK);
    CHECK(one.vectors == each.vectors);
    CHECK(one.table == each.table);
  }
}

TEST_CASE("dtypes of the inputs are int32 or int64") {
  check_rejected(NSAMETA_EXTEND, [](call& c) { c.problem.seq_lens.dtype = static_cast<nsameta_dtype>(2); },
                 {"seq_lens.dtype is 2"});
  check_rejected(NSAMETA_EXTEND, [](call& c) { c.problem.extend_seq_lens.dtype = static_cast<nsameta_dtype>(-1); },
                 {"extend_seq_lens.dtype is -1"});
  check_rejected(NSAMETA_EXTEND,
                 [](call& c) { c.problem.req_pool_indices = {c.seq_lens.data(), 1, static_cast<nsameta_dtype>(7)}; },
                 {"req_pool_indices.dtype is 7"});
}

TEST_CASE("inputs are aligned to their elements") {
  check_rejected(NSAMETA_EXTEND, [](call& c) { c.problem.seq_lens.data = shifted(c.seq_lens.data(), 4); },
                 {"seq_lens is not aligned", "8 bytes", "it begins 4 past"});
  check_rejected(NSAMETA_EXTEND,
                 [](call& c) { c.problem.extend_seq_lens = {shifted(c.extend_seq_lens.data(), 2), 1, NSAMETA_INT32}; },
                 {"extend_seq_lens is not aligned", "4 bytes", "it begins 2 past"});
  check_rejected(NSAMETA_EXTEND,
                 [](call& c) { c.problem.req_pool_indices = {shifted(c.seq_lens.data(), 1), 1, NSAMETA_INT32}; },
                 {"req_pool_indices is not aligned"});
  check_rejected(NSAMETA_EXTEND, [](call& c) { c.problem.req_to_token = {shifted(c.table.data(), 2), 1, 1, 1}; },
                 {"req_to_token is not aligned", "4 bytes"});
  check_accepted(NSAMETA_DECODE,
                 [](call& c) { c.problem.seq_lens = {shifted(c.seq_lens.data(), 4), 1, NSAMETA_INT32}; });
}

TEST_CASE("the token table has a sane shape") {
  const auto with = [](std::int64_t slots, std::int64_t width, std::int64_t row_stride) {
    return [=](call& c) { c.problem.req_to_token = {c.table.data(), slots, width, row_stride}; };
  };
  check_rejected(NSAMETA_DECODE, with(-1, 4, 4), {"req_to_token.slots is -1"});
  check_rejected(NSAMETA_DECODE, with(4, -2, 4), {"req_to_token.width is -2"});
  check_rejected(NSAMETA_DECODE, with(4, 8, 7), {"req_to_token.row_stride is 7", "width 8"});
  check_rejected(NSAMETA_DECODE, with(int64_max, 8, 8), {"req_to_token.slots is 9223372036854775807"});
}

TEST_CASE("query lengths go with the mode") {
  const auto ragged = [](call& c) { c.problem.extend_seq_lens = {c.extend_seq_lens.data(), 1, NSAMETA_INT64}; };
  const auto uniform = [](std::int64_t n) { return [n](call& c) { c.problem.uniform_extend_len = n; }; };
  check_rejected(NSAMETA_DECODE, ragged, {"extend_seq_lens is given", "mode decode"});
  check_rejected(NSAMETA_DECODE, uniform(1), {"uniform_extend_len is 1", "mode decode"});
  for (const nsameta_mode mode : nsameta::all_modes) {
    check_rejected(mode, uniform(-5), {"uniform_extend_len is -5"});
    check_rejected(mode, uniform(std::int64_t{1} << 31), {"uniform_extend_len is 2147483648"});
  }
  for (const nsameta_mode mode : {NSAMETA_TARGET_VERIFY, NSAMETA_EXTEND})
    check_rejected(mode, uniform(2), {"uniform_extend_len is 2", "extend_seq_lens is given too"});
  check_accepted(NSAMETA_DRAFT_EXTEND, uniform(2));  // rows that the tokens are padded to
  for (const nsameta_mode mode : {NSAMETA_TARGET_VERIFY, NSAMETA_DRAFT_EXTEND, NSAMETA_EXTEND})
    check_rejected(mode, [](call& c) { c.problem.extend_seq_lens.data = nullptr; },
                   {"extend_seq_lens is absent", "uniform_extend_len is 0", nsameta::mode_name(mode)});
}

TEST_CASE("context_limit is 0 or a length that rows can hold") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    const auto limit = [](std::int64_t most) { return [most](call& c) { c.problem.context_limit = most; }; };
    for (const std::int64_t most : {std::int64_t{-1}, std::int64_t{1} << 31, int64_max})
      check_rejected(mode, limit(most), {"context_limit is " + std::to_string(most), "outside [0, 2147483647]"});
    for (const std::int64_t most : {0, 1, 2147483647}) check_accepted(mode, limit(most));
  }
}

TEST_CASE("live_requests is one aligned int32, whatever it holds") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    std::array<std::int32_t, 2> counts{3, 0};
    check_rejected(mode, [&](call& c) { c.problem.live_requests = shifted(counts.data(), 2); },
                   {"live_requests is not aligned", "4 bytes", "it begins 2 past"});
    for (const std::int32_t count : {-1, 0, 4, 2147483647}) {
      counts[0] = count;
      check_accepted(mode, [&](call& c) { c.problem.live_requests = counts.data(); });
    }
  }
}

TEST_CASE("page_size is any number up to 65,536") {
  for (const int size : {0, -64, 65537}) {
    check_rejected(NSAMETA_DECODE, [=](call& c) { c.problem.page_size = size; },
                   {"page_size is " + std::to_string(size), "outside [1, 65536]"});
  }
  for (const int size : {1, 3, 64, 640, 1152, 2176, 65535, 65536}) {
    check_accepted(NSAMETA_DECODE, [=](call& c) { c.problem.page_size = size; });
  }
}

TEST_CASE("index_topk and index_kpool start at 1") {
  for (const int value : {0, -7}) {
    const std::string text = std::to_string(value);
    check_rejected(NSAMETA_DECODE, [=](call& c) { c.problem.index_topk = value; }, {"index_topk is " + text});
    check_rejected(NSAMETA_DECODE, [=](call& c) { c.problem.index_kpool = value; }, {"index_kpool is " + text});
  }
}

TEST_CASE("shards hold together") {
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.kv_shard.size = 0; }, {"kv_shard.size is 0"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.kv_shard = {2, 2, 1}; }, {"kv_shard.rank is 2", "[0, 2)"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.kv_shard = {2, -1, 1}; }, {"kv_shard.rank is -1"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.kv_shard.interleave = 0; }, {"kv_shard.interleave is 0"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.q_shard.size = -1; }, {"q_shard.size is -1"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.q_shard.rank = 1; }, {"q_shard.rank is 1", "[0, 1)"});
}

TEST_CASE("q_shard.kind is one of the table, whatever the size") {
  for (const int kind : {-1, static_cast<int>(nsameta::q_shard_kind_names.size()), 7}) {
    check_rejected(
        NSAMETA_DECODE, [=](call& c) { c.problem.q_shard.kind = static_cast<nsameta_q_shard_kind>(kind); },
        {"q_shard.kind is " + std::to_string(kind) + ", none of round_robin (0), contiguous (1), zigzag (2)"});
  }
  CHECK(std::string(nsameta::q_shard_kind_names[NSAMETA_Q_SHARD_CONTIGUOUS]) == "contiguous");
  CHECK(std::string(nsameta::q_shard_kind_names[NSAMETA_Q_SHARD_ZIGZAG]) == "zigzag");
}

TEST_CASE("a pool is whole on one rank of the cache") {
  const auto with = [](std::int32_t pool, std::int32_t size, std::int32_t interleave) {
    return [=](call& c) {
      c.problem.index_kpool = pool;
      c.problem.kv_shard = {size, 0, interleave};
      c.outputs.indexer_ks.data = c.outputs.indexer_ke.data = nullptr;
      c.outputs.slot_mapping.data = c.outputs.last_token_index.data = nullptr;
    };
  };
  for (const nsameta_mode mode : nsameta::all_modes) {
    check_rejected(mode, with(4, 2, 1), {"kv_shard.interleave is 1", "index_kpool, which is 4"});
    check_rejected(mode, with(4, 2, 6), {"kv_shard.interleave is 6", "index_kpool, which is 4"});
    check_accepted(mode, with(4, 2, 4));
    check_accepted(mode, with(4, 2, 64));
    check_accepted(mode, with(4, 1, 6));  // off
    check_accepted(mode, with(1, 2, 6));
  }
}

TEST_CASE("both shards: the cache's period is bounded where tokens are dealt in turn") {
  const auto with = [](nsameta_q_shard_kind kind, std::int32_t interleave) {
    return [=](call& c) {
      c.problem.kv_shard = {2, 1, interleave};
      c.problem.q_shard = {4, 3, kind};
      c.outputs.indexer_ks.data = c.outputs.indexer_ke.data = nullptr;
      c.outputs.slot_mapping.data = c.outputs.last_token_index.data = nullptr;
    };
  };
  check_rejected(NSAMETA_EXTEND, with(NSAMETA_Q_SHARD_ROUND_ROBIN, 32769),
                 {"kv_shard.interleave is 32769", "round_robin", "65536"});
  check_accepted(NSAMETA_EXTEND, with(NSAMETA_Q_SHARD_ROUND_ROBIN, 32768));
  check_accepted(NSAMETA_EXTEND, with(NSAMETA_Q_SHARD_CONTIGUOUS, 32769));
  check_accepted(NSAMETA_EXTEND, with(NSAMETA_Q_SHARD_ZIGZAG, 32769));
}
