#include "harness/output_buffers.h"

#include <algorithm>
#include <span>

namespace nsameta::harness {
namespace {

constexpr std::size_t guard_bytes = 256;
constexpr std::byte guard_pattern{0xc3};
constexpr std::byte fill_pattern{0xa5};

std::size_t round_up(std::size_t bytes) { return (bytes + guard_bytes - 1) / guard_bytes * guard_bytes; }

/// Appends a block behind the last one and its guard.
template <class Block>
void append(std::vector<Block>& blocks, const char* name, std::int64_t offset, std::int64_t bytes) {
  const std::size_t end = blocks.empty() ? 0 : blocks.back().end;
  const std::size_t begin = round_up(end) + guard_bytes + static_cast<std::size_t>(offset);
  blocks.push_back({name, begin, begin + static_cast<std::size_t>(bytes)});
}

template <class Block>
std::vector<Block> blocks_of(const output_layout& layout) {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_layout& vector = layout.vectors[i];
    const std::int64_t width = element_bytes(vector.dtype);
    if (vector.wanted) append(blocks, vector_fields[i].name, vector.misalignment * width, vector.capacity * width);
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    const table_layout& table = layout.tables[i];
    if (table.wanted) append(blocks, table_fields[i].name, table.misalignment * 4, table.rows * table.row_stride * 4);
  }
  return blocks;
}

template <class Block>
std::size_t total_bytes(const std::vector<Block>& blocks) {
  return (blocks.empty() ? 0 : round_up(blocks.back().end)) + guard_bytes;
}

/// The first byte of [begin, end) that is no guard any more, or `end`.
std::size_t first_damage(const std::byte* bytes, std::size_t begin, std::size_t end) {
  return static_cast<std::size_t>(
      std::find_if(bytes + begin, bytes + end, [](std::byte b) { return b != guard_pattern; }) - bytes);
}

}  // namespace

output_buffers::output_buffers(const device_place& place, const output_layout& layout)
    : layout_(layout), blocks_(blocks_of<block>(layout)), memory_(place, total_bytes(blocks_)) {
  if (!place.on_host()) copy_.resize(memory_.size());
  device_view_ = view_at(memory_.data());
  host_view_ = place.on_host() ? device_view_ : view_at(copy_.data());
  reset();
}

void output_buffers::reset() {
  std::byte* bytes = memory_.place().on_host() ? memory_.data() : copy_.data();
  std::fill_n(bytes, memory_.size(), guard_pattern);
  for (const block& b : blocks_) std::fill(bytes + b.begin, bytes + b.end, fill_pattern);
  if (!memory_.place().on_host()) memory_.upload(copy_);
}

const nsameta_outputs& output_buffers::read_back() {
  if (!memory_.place().on_host()) memory_.download(copy_);
  return host_view_;
}

const nsameta_outputs& output_buffers::read_back(const live_shape& shape) {
  if (memory_.place().on_host()) return host_view_;
  // The vectors come first and are small; of the tables, which are not, come the rows that are live.
  std::size_t vectors_end = blocks_.empty() ? 0 : blocks_.back().end;
  for (const table_field& field : table_fields) {
    const nsameta_table& table = host_view_.*field.member;
    if (table.data == nullptr) continue;
    const auto begin = static_cast<std::size_t>(reinterpret_cast<std::byte*>(table.data) - copy_.data());
    const std::int64_t rows = std::min(shape.table_rows, table.rows);
    const auto bytes = static_cast<std::size_t>(rows * table.row_stride) * sizeof(std::int32_t);
    memory_.download(std::span(copy_).subspan(begin, bytes), begin);
    vectors_end = std::min(vectors_end, begin);
  }
  memory_.download(std::span(copy_).first(vectors_end));
  return host_view_;
}

std::optional<std::string> output_buffers::damaged_guard() const {
  const std::byte* bytes = host_bytes();
  std::size_t guard = 0;
  for (std::size_t i = 0; i <= blocks_.size(); ++i) {
    const std::size_t end = i < blocks_.size() ? blocks_[i].begin : memory_.size();
    const std::size_t at = first_damage(bytes, guard, end);
    if (at != end) {
      const bool behind = i > 0 && (i == blocks_.size() || at - guard <= end - at);
      return behind ? "wrote " + std::to_string(at - guard) + " bytes past the end of " + blocks_[i - 1].name
                    : "wrote " + std::to_string(end - at) + " bytes before the start of " + blocks_[i].name;
    }
    if (i < blocks_.size()) guard = blocks_[i].end;
  }
  return std::nullopt;
}

nsameta_outputs output_buffers::view_at(std::byte* base) const {
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  auto next = blocks_.begin();
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_layout& vector = layout_.vectors[i];
    if (vector.wanted) outputs.*vector_fields[i].member = {base + (next++)->begin, vector.capacity, vector.dtype};
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    const table_layout& table = layout_.tables[i];
    if (table.wanted)
      outputs.*table_fields[i].member = {reinterpret_cast<std::int32_t*>(base + (next++)->begin), table.rows,
                                         table.width, table.row_stride};
  }
  outputs.vector_tail = layout_.vector_tail;
  outputs.table_tail = layout_.table_tail;
  outputs.table_tail_value = layout_.table_tail_value;
  outputs.length_offset = layout_.length_offset;
  return outputs;
}

}  // namespace nsameta::harness
