#include <doctest/doctest.h>

#include <limits>

#include "call.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("every vector: dtype, alignment, capacity") {
  for (const vector_field& field : vector_fields) {
    CAPTURE(field.name);
    const std::string name = field.name;
    const auto spoil = [&](auto change) { return [&, change](call& c) { change(c.outputs.*field.member); }; };
    check_rejected(NSAMETA_EXTEND, spoil([](nsameta_vector& v) { v.dtype = static_cast<nsameta_dtype>(9); }),
                   {name + ".dtype is 9"});
    if (field.holds != elements::boolean)
      check_rejected(NSAMETA_EXTEND, spoil([](nsameta_vector& v) { v.data = static_cast<char*>(v.data) + 2; }),
                     {name + " is not aligned"});
    check_rejected(NSAMETA_EXTEND, spoil([](nsameta_vector& v) { v.capacity = -1; }), {name + ".capacity is -1"});
    check_rejected(NSAMETA_EXTEND, spoil([](nsameta_vector& v) { v.capacity = int64_max; }),
                   {name + ".capacity is 9223372036854775807"});
    for (const nsameta_dtype dtype : {NSAMETA_INT32, NSAMETA_INT64}) {
      const auto changed = spoil([=](nsameta_vector& v) { v.dtype = dtype; });
      if (field.holds == elements::boolean)
        check_rejected(NSAMETA_EXTEND, changed,
                       {name + ".dtype is " + std::to_string(dtype), "but the field is bool (2)"});
      else if (field.holds == elements::int32_or_int64 || (field.holds == elements::int64) == (dtype == NSAMETA_INT64))
        check_accepted(NSAMETA_EXTEND, changed);
      else
        check_rejected(NSAMETA_EXTEND, changed,
                       {name + ".dtype is int", field.holds == elements::int64 ? "is int64 (1)" : "is int32 (0)"});
    }
    if (field.holds != elements::boolean)
      check_rejected(NSAMETA_EXTEND, spoil([](nsameta_vector& v) { v.dtype = NSAMETA_BOOL; }), {name + ".dtype is 2"});
  }
}

TEST_CASE("an int64 output is aligned to 8 bytes") {
  check_rejected(NSAMETA_DECODE,
                 [](call& c) {
                   c.outputs.cu_seqlens_q.dtype = NSAMETA_INT64;
                   c.outputs.cu_seqlens_q.data = static_cast<char*>(c.outputs.cu_seqlens_q.data) + 4;
                 },
                 {"cu_seqlens_q is not aligned", "8 bytes"});
}

TEST_CASE("per-request outputs hold the whole batch, row outputs may be short") {
  for (const vector_field& field : vector_fields) {
    CAPTURE(field.name);
    const std::int64_t needed = field.per_row() ? 0 : element_count(field.size, requests, 0);
    const auto with = [&](std::int64_t capacity) {
      return [&field, capacity](call& c) { (c.outputs.*field.member).capacity = capacity; };
    };
    check_accepted(NSAMETA_EXTEND, with(needed));
    if (field.per_row()) continue;
    check_rejected(NSAMETA_EXTEND, with(needed - 1),
                   {std::string(field.name) + ".capacity is " + std::to_string(needed - 1), std::to_string(needed)});
  }
}

TEST_CASE("indexer_ks and indexer_ke go with every mode, and an unsharded cache") {
  for (const auto member : {&nsameta_outputs::indexer_ks, &nsameta_outputs::indexer_ke}) {
    const std::string name = member == &nsameta_outputs::indexer_ks ? "indexer_ks" : "indexer_ke";
    for (const nsameta_mode mode : all_modes) {
      const auto alone = [=](call& c) {
        c.outputs.indexer_ks.data = c.outputs.indexer_ke.data = nullptr;
        c.outputs.*member = {c.table.data(), 32, NSAMETA_INT32};
      };
      check_accepted(mode, alone);
      check_rejected(mode,
                     [=](call& c) {
                       alone(c);
                       c.problem.kv_shard = {2, 0, 1};
                     },
                     {name, "kv_shard.size is 2"});
    }
  }
}

TEST_CASE("slot_mapping needs a block table, out_cache_loc one of the tokens; an empty batch neither") {
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.block_table.data = nullptr; },
                 {"block_table is absent, but slot_mapping is asked for"});
  check_rejected(NSAMETA_DECODE,
                 [](call& c) { c.problem.req_pool_indices.data = c.problem.req_to_token.data = nullptr; },
                 {"req_to_token is absent, but out_cache_loc is asked for"});
  check_accepted(NSAMETA_DECODE, [](call& c) {
    c.problem.batch_size = 0;
    c.problem.block_table.data = c.problem.req_to_token.data = nullptr;
    c.problem.req_pool_indices.data = nullptr;
  });
}

TEST_CASE("is_padding is of bytes at any address, and needs no table; tail_slot_mapping needs the block table") {
  check_accepted(NSAMETA_DECODE, [](call& c) {
    c.outputs.is_padding.data = static_cast<char*>(c.outputs.is_padding.data) + 1;
    c.outputs.slot_mapping = c.outputs.tail_slot_mapping = {};
    c.problem.block_table.data = nullptr;
  });
  check_rejected(NSAMETA_DECODE,
                 [](call& c) {
                   c.outputs.slot_mapping = {};
                   c.problem.block_table.data = nullptr;
                 },
                 {"block_table is absent, but tail_slot_mapping is asked for"});
  // Of a pool on one rank, whatever the blocks hold.
  check_accepted(NSAMETA_DECODE, [](call& c) {
    c.outputs.indexer_ks = c.outputs.indexer_ke = c.outputs.slot_mapping = {};
    c.problem.kv_shard = {2, 0, 3};
  });
}

TEST_CASE("last_token_index does not go with a zigzag, whose requests have rows in two places") {
  const auto zigzag = [](std::int32_t size) {
    return [=](call& c) { c.problem.q_shard = {size, 0, NSAMETA_Q_SHARD_ZIGZAG}; };
  };
  check_rejected(NSAMETA_EXTEND, zigzag(2), {"last_token_index is asked for, but q_shard.kind is zigzag (2)"});
  check_accepted(NSAMETA_EXTEND, zigzag(1));
}

TEST_CASE("the block table: shape, alignment, and a row for each request") {
  const auto with = [](std::int64_t rows, std::int64_t width, std::int64_t row_stride, std::intptr_t shift = 0) {
    return [=](call& c) {
      auto* data = reinterpret_cast<std::int32_t*>(reinterpret_cast<char*>(c.blocks.data()) + shift);
      c.problem.block_table = {data, rows, width, row_stride};
    };
  };
  check_rejected(NSAMETA_DECODE, with(3, 4, 4), {"block_table.slots is 3, less than batch_size, which is 4"});
  check_rejected(NSAMETA_DECODE, with(-1, 4, 4), {"block_table.slots is -1"});
  check_rejected(NSAMETA_DECODE, with(4, 4, 3), {"block_table.row_stride is 3"});
  check_rejected(NSAMETA_DECODE, with(4, 4, 4, 2), {"block_table is not aligned"});
  for (const std::int32_t size : {0, -1, 65537})
    check_rejected(NSAMETA_DECODE, [=](call& c) { c.problem.block_size = size; },
                   {"block_size is " + std::to_string(size), "[1, 65536]"});
  check_rejected(NSAMETA_DECODE,
                 [](call& c) {
                   c.outputs.indexer_ks = c.outputs.indexer_ke = {};
                   c.problem.kv_shard = {2, 0, 3};
                 },
                 {"block_size is 64, no multiple of kv_shard.interleave, which is 3"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.outputs.slot_mapping.data = c.blocks.data(); },
                 {"slot_mapping overlaps "});
}

TEST_CASE("tails: the vectors keep or are zeroed, tables may take a value") {
  check_rejected(NSAMETA_DECODE, [](call& c) { c.outputs.vector_tail = NSAMETA_TAIL_VALUE; }, {"vector_tail is 2"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.outputs.vector_tail = static_cast<nsameta_tail>(-1); },
                 {"vector_tail is -1"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.outputs.table_tail = static_cast<nsameta_tail>(3); },
                 {"table_tail is 3"});
  check_accepted(NSAMETA_DECODE, [](call& c) { c.outputs.vector_tail = NSAMETA_TAIL_ZERO; });
  check_accepted(NSAMETA_DECODE, [](call& c) { c.outputs.table_tail = NSAMETA_TAIL_VALUE; });
}

TEST_CASE("page tables: shape, alignment and the inputs they need") {
  for (const table_field& field : table_fields) {
    const std::string name = field.name;
    const auto with = [&](std::int64_t rows, std::int64_t width, std::int64_t row_stride, std::intptr_t shift = 0) {
      return [=, &field](call& c) {
        c.problem.req_pool_indices = {c.seq_lens.data(), 1, NSAMETA_INT64};
        c.problem.req_to_token = {c.table.data(), 4, 16, 16};
        auto* data = reinterpret_cast<std::int32_t*>(reinterpret_cast<char*>(c.table.data() + 1024) + shift);
        c.outputs.*field.member = {data, rows, width, row_stride};
      };
    };
    check_rejected(NSAMETA_DECODE, with(-1, 16, 16), {name + ".rows is -1"});
    check_rejected(NSAMETA_DECODE, with(4, -1, 16), {name + ".width is -1"});
    check_rejected(NSAMETA_DECODE, with(4, 16, 15), {name + ".row_stride is 15", "width 16"});
    check_rejected(NSAMETA_DECODE, with(4, 16, 16, 1), {name + " is not aligned"});
    check_rejected(NSAMETA_DECODE, with(int64_max, 16, 16), {name + ".rows is 9223372036854775807"});
    check_rejected(NSAMETA_DECODE,
                   [&](call& c) {
                     with(4, 16, 16)(c);
                     c.outputs.out_cache_loc.data = nullptr;
                     c.problem.req_pool_indices.data = nullptr;
                     c.problem.req_to_token.data = nullptr;
                   },
                   {"req_pool_indices is absent", name});
  }
}
