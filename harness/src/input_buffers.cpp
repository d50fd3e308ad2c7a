#include "harness/input_buffers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "buffers.h"

namespace nsameta::harness {
namespace {

struct input {
  const char* name;
  std::span<const std::byte> bytes;  ///< from the first element to the end of the last
  std::size_t misalignment;
};

input vector_input(const char* name, const strided_values& values) {
  const std::int64_t bytes = strided_bytes(values.view(), values.size());
  return {name, values.memory().first(static_cast<std::size_t>(bytes)), 0};
}

input count_input(const char* name, const std::optional<std::int32_t>& count) {
  return {name, count ? std::as_bytes(std::span(&*count, 1)) : std::span<const std::byte>{}, 0};
}

input table_input(const char* name, const token_table& table) {
  if (table.memory.empty()) return {name, {}, 0};  // absent, or kept elsewhere
  const std::size_t first = static_cast<std::size_t>(table.first) * sizeof(std::int32_t);
  const auto bytes = static_cast<std::size_t>(table_bytes(table.slots, table.width, table.row_stride));
  return {name, std::as_bytes(std::span(table.memory)).subspan(first, bytes), first};
}

}  // namespace

void input_buffers::upload(const problem_data& problem) {
  const std::array inputs{vector_input("seq_lens", problem.seq_lens),
                          vector_input("extend_seq_lens", problem.extend_seq_lens),
                          vector_input("req_pool_indices", problem.req_pool_indices),
                          table_input("req_to_token", problem.req_to_token),
                          count_input("live_requests", problem.live_requests),
                          table_input("block_table", problem.block_table),
                          vector_input("topk_lens", problem.topk_lens),
                          vector_input("extra_topk_lens", problem.extra_topk_lens),
                          vector_input("num_logits", problem.num_logits),
                          vector_input("num_rejected", problem.num_rejected),
                          vector_input("full_to_swa", problem.full_to_swa),
                          vector_input("out_cache_loc", problem.out_cache_loc),
                          vector_input("swa_floor", problem.swa_floor),
                          table_input(block_table_names[0], problem.block_tables[0]),
                          table_input(block_table_names[1], problem.block_tables[1]),
                          table_input(block_table_names[2], problem.block_tables[2]),
                          table_input(block_table_names[3], problem.block_tables[3])};
  guarded_layout layout(memory_.layout().kind());
  for (const input& each : inputs) layout.add(each.name, each.bytes.size(), each.misalignment);
  memory_.rearrange(std::move(layout));

  const std::vector<guarded_array>& arrays = memory_.layout().arrays();
  staged_.assign(memory_.layout().bytes(), guard_pattern);
  for (std::size_t i = 0; i < inputs.size(); ++i)  // pointers: iterators would be copied byte by byte
    std::copy_n(inputs[i].bytes.data(), inputs[i].bytes.size(), staged_.data() + arrays[i].begin);
  memory_.set_writable(true);
  memory_.upload(staged_);
  memory_.set_writable(false);

  view_ = problem.view();
  const auto place = [&](auto*& pointer, const guarded_array& array) {
    if (pointer != nullptr)
      pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(memory_.data() + array.begin);
  };
  place(view_.seq_lens.data, arrays[0]);
  place(view_.extend_seq_lens.data, arrays[1]);
  place(view_.req_pool_indices.data, arrays[2]);
  place(view_.req_to_token.data, arrays[3]);
  place(view_.live_requests, arrays[4]);
  place(view_.block_table.data, arrays[5]);
  place(view_.topk_lens.data, arrays[6]);
  place(view_.extra_topk_lens.data, arrays[7]);
  place(view_.num_logits.data, arrays[8]);
  place(view_.num_rejected.data, arrays[9]);
  place(view_.full_to_swa.data, arrays[10]);
  place(view_.out_cache_loc.data, arrays[11]);
  place(view_.swa_floor.data, arrays[12]);
  for (std::size_t i = 0; i < problem.block_tables.size(); ++i) place(view_.block_tables[i].data, arrays[13 + i]);
}

std::optional<std::string> input_buffers::changed() const {
  std::vector<std::byte> now = staged_;
  memory_.download(now);
  const auto same = [&](std::size_t begin, std::size_t end) {
    return std::memcmp(now.data() + begin, staged_.data() + begin, end - begin) == 0;
  };
  for (const guarded_array& array : memory_.layout().arrays()) {
    if (!same(array.begin, array.end)) return array.name;
    if (!same(array.first, array.last)) return std::string(array.name) + ", or rather beside it";
  }
  return std::nullopt;
}

}  // namespace nsameta::harness
