/// Page tables whose elements stand past 2^31.
#include <doctest/doctest.h>

#include "large_call.h"

TEST_SUITE_BEGIN("boundaries");

namespace nsameta::test {
namespace {

constexpr std::int64_t million = 1 << 20;  // columns of a context of a million tokens
constexpr std::int64_t untouched = -5;

/// The first `count` tokens of a slot.
ints tokens_of(std::int64_t slot, std::int64_t count) {
  ints tokens;
  for (std::int64_t column = 0; column < count; ++column)
    tokens.push_back(static_cast<std::int32_t>(1000 * slot + column));
  return tokens;
}

/// The same, followed by what must stay as it was.
ints live_row(std::int64_t slot, std::int64_t live) {
  ints row = tokens_of(slot, live);
  row.insert(row.end(), 4, untouched);
  return row;
}

void check_rows(nsameta_mode mode, std::int64_t requests, std::int64_t copies) {
  constexpr std::int64_t slots = 8;
  const std::int64_t rows = requests * copies;
  REQUIRE((rows - 1) * million > std::int64_t{1} << 31);
  large_array<std::int32_t> tokens(slots * million), full(rows * million), paged(rows * million);
  for (std::int64_t slot = 0; slot < slots; ++slot) tokens.put(slot * million, tokens_of(slot, 64));
  ints lengths, indices;
  for (std::int64_t r = 0; r < requests; ++r) {
    lengths.push_back(static_cast<std::int32_t>(5 + r % 20));
    indices.push_back(static_cast<std::int32_t>(r % slots));
  }
  const large_array<std::int32_t> seq_lens(lengths), req_pool_indices(indices);

  call c(mode);
  c.problem.batch_size = requests;
  c.problem.seq_lens = input(seq_lens);
  c.problem.uniform_extend_len = mode == NSAMETA_TARGET_VERIFY ? copies : 0;
  c.problem.req_pool_indices = input(req_pool_indices);
  c.problem.req_to_token = {tokens.data(), slots, million, million};
  c.problem.page_size = 1;  // a page a position: real_page_table is as large
  c.outputs.page_table_1 = {full.data(), rows, million, million};
  c.outputs.real_page_table = {paged.data(), rows, million, million};

  const std::int64_t sampled[] = {0, 1, 2046, 2047, 2048, 2049, rows - 2, rows - 1};
  const auto expected = [&](std::int64_t row) {
    const auto r = static_cast<std::size_t>(row / copies);
    return live_row(indices[r], lengths[r] + c.problem.uniform_extend_len);
  };
  for (large_array<std::int32_t>* table : {&full, &paged})
    for (const std::int64_t row : sampled) table->put(row * million, ints(expected(row).size(), untouched));
  CHECK(c.fill() == 0);
  for (const large_array<std::int32_t>* table : {&full, &paged})
    for (const std::int64_t row : sampled) {
      CAPTURE(row);
      CHECK(table->get(row * million, std::ssize(expected(row))) == expected(row));
    }
}

}  // namespace

TEST_CASE("rows * W past 2^31: a row a request") { check_rows(NSAMETA_DECODE, 2304, 1); }

TEST_CASE("rows * W past 2^31: four rows a request") { check_rows(NSAMETA_TARGET_VERIFY, 576, 4); }

TEST_CASE("slot * row_stride past 2^31") {
  constexpr std::int64_t slots = 2304, width = 64;
  const std::int32_t chosen[] = {0, 2047, 2048, 2303};
  large_array<std::int32_t> tokens((slots - 1) * million + width), full(4 * width), paged(4);
  for (const std::int32_t slot : chosen) tokens.put(slot * million, tokens_of(slot, width));
  const large_array<std::int32_t> seq_lens{64, 30, 64, 64}, req_pool_indices{0, 2047, 2048, 2303};
  call c(NSAMETA_DECODE);
  c.problem.batch_size = 4;
  c.problem.seq_lens = input(seq_lens);
  c.problem.req_pool_indices = input(req_pool_indices);
  c.problem.req_to_token = {tokens.data(), slots, width, million};
  c.outputs.page_table_1 = {full.data(), 4, width, width};
  c.outputs.real_page_table = {paged.data(), 4, 1, 1};
  CHECK(c.fill() == 0);
  CHECK(full.get(width, 30) == tokens_of(2047, 30));
  CHECK(full.get(2 * width, width) == tokens_of(2048, width));
  CHECK(full.get(3 * width, width) == tokens_of(2303, width));
  CHECK(paged.get(0, 4) == ints{0, 2047000 / 64, 2048000 / 64, 2303000 / 64});
}

TEST_CASE("row strides past 2^30 on both sides") {
  constexpr std::int64_t stride = 1'200'000'001, width = 40;
  large_array<std::int32_t> tokens(2 * stride + width), full(2 * stride + width);
  for (const std::int64_t slot : {0, 1, 2}) {
    tokens.put(slot * stride, tokens_of(slot, width));
    full.put(slot * stride, ints(width, untouched));
  }
  const large_array<std::int32_t> seq_lens{36, 36, 36}, req_pool_indices{2, 0, 2};
  call c(NSAMETA_DECODE);
  c.problem.batch_size = 3;
  c.problem.seq_lens = input(seq_lens);
  c.problem.req_pool_indices = input(req_pool_indices);
  c.problem.req_to_token = {tokens.data(), 3, width, stride};
  c.outputs.page_table_1 = {full.data(), 3, width, stride};
  CHECK(c.fill() == 0);
  for (const std::int64_t row : {0, 1, 2}) CHECK(full.get(row * stride, width) == live_row(row == 1 ? 0 : 2, 36));
}

TEST_CASE("slots past 2^31") {
  constexpr std::int64_t slots = (std::int64_t{1} << 31) + 9;
  large_array<std::int32_t> tokens(slots), full(5);
  const longs chosen{0, (std::int64_t{1} << 31) - 1, std::int64_t{1} << 31, slots - 1, slots};
  for (std::size_t r = 0; r + 1 < chosen.size(); ++r) tokens.put(chosen[r], {static_cast<std::int32_t>(100 + r)});
  full.put(0, ints(5, untouched));
  const large_array<std::int32_t> seq_lens{1, 1, 1, 1, 1};
  const large_array<std::int64_t> req_pool_indices(chosen);
  call c(NSAMETA_DECODE);
  c.problem.batch_size = 5;
  c.problem.seq_lens = input(seq_lens);
  c.problem.req_pool_indices = input(req_pool_indices);
  c.problem.req_to_token = {tokens.data(), slots, 1, 1};
  c.outputs.page_table_1 = {full.data(), 5, 1, 1};
  CHECK(c.fill() == NSAMETA_BIT_BAD_SLOT);
  CHECK(full.get(0, 5) == ints{100, 101, 102, 103, untouched});
}

TEST_CASE("2^31 - 1 draft tokens and an offset: rows of tables that hold few of them") {
  constexpr std::int64_t width = 40;
  large_array<std::int32_t> tokens(2 * width), full(3 * width);
  for (const std::int64_t slot : {0, 1}) tokens.put(slot * width, tokens_of(slot, width));
  full.put(0, ints(3 * width, untouched));
  const large_array<std::int32_t> seq_lens{30, 2'147'483'647}, req_pool_indices{1, 0};
  call c(NSAMETA_TARGET_VERIFY);
  c.problem.batch_size = 2;
  c.problem.uniform_extend_len = 2'147'483'647;
  c.problem.seq_lens = input(seq_lens);
  c.problem.req_pool_indices = input(req_pool_indices);
  c.problem.req_to_token = {tokens.data(), 2, width, width};
  c.outputs.page_table_1 = {full.data(), 3, width, width};
  c.outputs.length_offset = 7;
  CHECK((c.fill() & NSAMETA_BIT_CONTEXT_EXCEEDED) != 0);
  for (const std::int64_t row : {0, 1, 2}) CHECK(full.get(row * width, width) == tokens_of(1, width));
}

}  // namespace nsameta::test

TEST_SUITE_END();
