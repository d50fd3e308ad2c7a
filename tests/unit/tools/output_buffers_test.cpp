#include <doctest/doctest.h>

#include <cstdint>

#include "harness/output_buffers.h"

namespace nsameta::test {
namespace {

using namespace harness;

output_layout two_outputs() {
  output_layout layout;
  layout.vectors[0] = {true, 5, NSAMETA_INT32, 3};  // cache_seqlens
  layout.vectors[1] = {true, 6, NSAMETA_INT64, 0};  // cu_seqlens_k
  layout.tables[0] = {true, 2, 7, 9, 1};
  layout.length_offset = 2;
  return layout;
}

std::uintptr_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

TEST_CASE("buffers have the asked-for capacity, type and alignment") {
  output_buffers outputs(place_of("cpu"), two_outputs());
  const nsameta_outputs& view = outputs.view();
  CHECK(view.cache_seqlens.capacity == 5);
  CHECK(address(view.cache_seqlens.data) % 256 == 12);
  CHECK(view.cu_seqlens_k.dtype == NSAMETA_INT64);
  CHECK(address(view.cu_seqlens_k.data) % 256 == 0);
  CHECK(view.page_table_1.row_stride == 9);
  CHECK(address(view.page_table_1.data) % 256 == 4);
  CHECK(view.length_offset == 2);
  CHECK(view.seqlens_expanded.data == nullptr);
}

TEST_CASE("elements nobody wrote show the pattern, and reset brings it back") {
  output_buffers outputs(place_of("cpu"), two_outputs());
  auto* lengths = static_cast<std::int32_t*>(outputs.view().cache_seqlens.data);
  const auto pattern = static_cast<std::int32_t>(0xa5a5a5a5u);
  CHECK(lengths[4] == pattern);
  lengths[4] = 1;
  outputs.reset();
  CHECK(static_cast<const std::int32_t*>(outputs.read_back().cache_seqlens.data)[4] == pattern);
}

TEST_CASE("writes inside the buffers leave the guards whole") {
  output_buffers outputs(place_of("cpu"), two_outputs());
  for (int i = 0; i < 5; ++i) static_cast<std::int32_t*>(outputs.view().cache_seqlens.data)[i] = i;
  for (int i = 0; i < 6; ++i) static_cast<std::int64_t*>(outputs.view().cu_seqlens_k.data)[i] = i;
  for (int i = 0; i < 16; ++i) outputs.view().page_table_1.data[i] = i;
  outputs.read_back();
  CHECK_FALSE(outputs.damaged_guard());
}

TEST_CASE("a write outside is noticed, on either side of every buffer") {
  const auto damage_at = [](auto&& pick, std::int64_t byte) {
    output_buffers outputs(place_of("cpu"), two_outputs());
    static_cast<std::byte*>(pick(outputs.view()))[byte] = std::byte{0};
    outputs.read_back();
    return outputs.damaged_guard().value_or("");
  };
  const auto lengths = [](const nsameta_outputs& o) { return o.cache_seqlens.data; };
  const auto sums = [](const nsameta_outputs& o) { return o.cu_seqlens_k.data; };
  const auto table = [](const nsameta_outputs& o) { return static_cast<void*>(o.page_table_1.data); };
  CHECK(damage_at(lengths, 5 * 4) == "wrote 0 bytes past the end of cache_seqlens");
  CHECK(damage_at(lengths, 5 * 4 + 100) == "wrote 100 bytes past the end of cache_seqlens");
  CHECK(damage_at(lengths, -1) == "wrote 1 bytes before the start of cache_seqlens");
  CHECK(damage_at(sums, 6 * 8) == "wrote 0 bytes past the end of cu_seqlens_k");
  CHECK(damage_at(sums, -4) == "wrote 4 bytes before the start of cu_seqlens_k");
  CHECK(damage_at(table, (9 + 7) * 4 + 255) == "wrote 255 bytes past the end of page_table_1");
}

}  // namespace
}  // namespace nsameta::test
