#include <doctest/doctest.h>

#include <array>
#include <cstdint>

#include "call.h"

using namespace nsameta::test;

namespace {

constexpr std::int64_t farthest = std::int64_t{1} << 31;

auto with_offset(std::int64_t offset) {
  return [offset](call& c) { c.outputs.length_offset = offset; };
}

}  // namespace

TEST_CASE("length_offset reaches 2^31 both ways and no further") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    for (const std::int64_t offset : {farthest, -farthest, std::int64_t{0}, std::int64_t{3}})
      check_accepted(mode, with_offset(offset));
    for (const std::int64_t offset : {farthest + 1, -farthest - 1, INT64_MAX, INT64_MIN})
      check_rejected(mode, with_offset(offset),
                     {"length_offset is " + std::to_string(offset), "[-2147483648, 2147483648]"});
  }
}

TEST_CASE("draft_step is 0 to 1,024") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    for (const std::int32_t step : {1, 1024}) check_accepted(mode, [=](call& c) { c.outputs.draft_step = step; });
    for (const std::int32_t step : {-1, 1025, INT32_MIN})
      check_rejected(mode, [=](call& c) { c.outputs.draft_step = step; },
                     {"draft_step is " + std::to_string(step), "[0, 1024]"});
  }
}

TEST_CASE("a length that the offset takes out of bounds is clamped, and said to be") {
  call moved(NSAMETA_DECODE);                                     // lengths 5, 9, 1, 70
  moved.outputs.slot_mapping = moved.outputs.out_cache_loc = {};  // no table has so many columns
  const auto filled = [&](std::int64_t offset) {
    moved.outputs.length_offset = offset;
    CHECK(moved.fill() == NSAMETA_OK);
    const auto* lengths = static_cast<const std::int32_t*>(moved.outputs.cache_seqlens.data);
    return std::array{lengths[0], lengths[1], lengths[2], lengths[3]};
  };
  const auto* status = static_cast<const std::int32_t*>(moved.outputs.status.data);
  CHECK(filled(-5) == std::array{0, 4, 0, 65});
  CHECK(*status == NSAMETA_BIT_NEGATIVE_LENGTH);
  CHECK(filled(INT32_MAX - 9) == std::array{INT32_MAX - 4, INT32_MAX, INT32_MAX - 8, INT32_MAX});
  CHECK(*status == (NSAMETA_BIT_LENGTH_OVERFLOW | NSAMETA_BIT_CU_OVERFLOW));
  CHECK(filled(0) == std::array{5, 9, 1, 70});
  CHECK(*status == 0);
}

TEST_CASE("the ends of int64 survive any offset") {
  call moved(NSAMETA_DECODE);
  moved.seq_lens = {INT64_MAX, INT64_MIN, INT64_MAX - farthest, INT64_MIN + farthest};
  const auto* lengths = static_cast<const std::int32_t*>(moved.outputs.cache_seqlens.data);
  for (const std::int64_t offset : {-farthest, std::int64_t{0}, farthest}) {
    moved.outputs.length_offset = offset;
    CHECK(moved.fill() == NSAMETA_OK);
    CHECK(std::array{lengths[0], lengths[1], lengths[2], lengths[3]} == std::array{INT32_MAX, 0, INT32_MAX, 0});
  }
}
