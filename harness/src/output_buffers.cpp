#include "harness/output_buffers.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "buffers.h"
#include "plans.h"

namespace nsameta::harness {
namespace {

constexpr std::byte fill_pattern{0xa5};

guarded_layout arrays_of(const output_layout& layout, guard kind) {
  guarded_layout arrays(kind);
  const auto add = [&arrays](const char* name, std::int64_t bytes, std::int64_t misalignment) {
    arrays.add(name, static_cast<std::size_t>(bytes), static_cast<std::size_t>(misalignment));
  };
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_layout& vector = layout.vectors[i];
    const std::int64_t width = element_bytes(vector.dtype);
    if (vector.wanted) add(vector_fields[i].name, vector.capacity * width, vector.misalignment * width);
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    const table_layout& table = layout.tables[i];
    if (table.wanted)
      add(table_fields[i].name, table_bytes(table.rows, table.width, table.row_stride), table.misalignment * 4);
  }
  for (const plan_layout& plan : layout.plans) {
    const std::span<const plan_buffer> buffers = row_of(plan.asked.kind).buffers;
    for (std::size_t i = 0; i < buffers.size(); ++i)
      if (plan.capacities[i] != plan_layout::absent)
        add(buffers[i].name, plan.capacities[i] * element_bytes(buffers[i].dtype), 0);
  }
  return arrays;
}

/// The first byte of [begin, end) that is no guard any more, or `end`.
std::size_t first_damage(const std::byte* bytes, std::size_t begin, std::size_t end) {
  if (begin == end) return end;
  // Whole, which is nearly always: each byte like the one before. A sanitizer looks at this once, not at every byte.
  if (bytes[begin] == guard_pattern && std::memcmp(bytes + begin, bytes + begin + 1, end - begin - 1) == 0) return end;
  return static_cast<std::size_t>(
      std::find_if(bytes + begin, bytes + end, [](std::byte b) { return b != guard_pattern; }) - bytes);
}

}  // namespace

output_buffers::output_buffers(const device_place& place, const output_layout& layout, guard kind)
    : layout_(layout), memory_(place, arrays_of(layout, guard_on(place, kind))) {
  if (!place.on_host()) copy_.resize(memory_.layout().bytes());
  device_view_ = view_at(memory_.data(), device_plans_);
  host_view_ = place.on_host() ? device_view_ : view_at(copy_.data(), host_plans_);
  reset();
}

void output_buffers::reset() {
  std::byte* bytes = memory_.place().on_host() ? memory_.data() : copy_.data();
  const open_guards opened(memory_);
  for (const guarded_array& array : memory_.layout().arrays()) {
    std::fill(bytes + array.first, bytes + array.begin, guard_pattern);
    std::fill(bytes + array.begin, bytes + array.end, fill_pattern);
    std::fill(bytes + array.end, bytes + array.last, guard_pattern);
  }
  if (!memory_.place().on_host()) memory_.upload(copy_);
}

const nsameta_outputs& output_buffers::read_back() {
  if (!memory_.place().on_host()) memory_.download(copy_);
  return host_view_;
}

const nsameta_outputs& output_buffers::read_back(const live_shape& shape) {
  if (memory_.place().on_host()) return host_view_;
  // The vectors come first and are small; of the tables, which are not, come the rows that are live.
  std::size_t vectors_end = memory_.layout().bytes();
  for (const table_field& field : table_fields) {
    const nsameta_table& table = host_view_.*field.member;
    if (table.data == nullptr) continue;
    const auto begin = static_cast<std::size_t>(reinterpret_cast<std::byte*>(table.data) - copy_.data());
    const std::int64_t rows = std::min(shape.table_rows, table.rows);
    const auto bytes = static_cast<std::size_t>(table_bytes(rows, table.width, table.row_stride));
    memory_.download(copy_, begin, begin + bytes);
    vectors_end = std::min(vectors_end, begin);
  }
  for (const nsameta_plan& plan : plans_of(host_view_))
    for (std::size_t i = 0; i < row_of(plan.kind).buffers.size(); ++i) {
      const nsameta_vector& buffer = plan.buffers[i];
      if (buffer.data == nullptr) continue;
      const auto begin = static_cast<std::size_t>(static_cast<std::byte*>(buffer.data) - copy_.data());
      const std::int64_t elements = is_table(row_of(plan.kind).buffers[i])
                                        ? std::min(buffer.capacity, shape.rows * plan.columns)
                                        : buffer.capacity;
      memory_.download(copy_, begin, begin + static_cast<std::size_t>(elements * element_bytes(buffer.dtype)));
      vectors_end = std::min(vectors_end, begin);
    }
  memory_.download(copy_, 0, vectors_end);
  return host_view_;
}

std::optional<std::string> output_buffers::damaged_guard() const {
  const std::byte* bytes = host_bytes();
  const open_guards opened(memory_);
  for (const guarded_array& array : memory_.layout().arrays()) {
    if (const std::size_t at = first_damage(bytes, array.first, array.begin); at != array.begin)
      return "wrote " + std::to_string(array.begin - at) + " bytes before the start of " + array.name;
    if (const std::size_t at = first_damage(bytes, array.end, array.last); at != array.last)
      return "wrote " + std::to_string(at - array.end) + " bytes past the end of " + array.name;
  }
  return std::nullopt;
}

nsameta_outputs output_buffers::view_at(std::byte* base, std::vector<nsameta_plan>& plans) const {
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  auto next = memory_.layout().arrays().begin();
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
  for (const plan_layout& plan : layout_.plans) {
    plans.push_back(plan.asked);
    const std::span<const plan_buffer> buffers = row_of(plan.asked.kind).buffers;
    for (std::size_t i = 0; i < buffers.size(); ++i)
      if (plan.capacities[i] != plan_layout::absent)
        plans.back().buffers[i] = {base + (next++)->begin, plan.capacities[i], buffers[i].dtype};
  }
  outputs.plans = plans.data();
  outputs.plan_count = std::ssize(plans);
  layout_.apply_to(outputs);
  return outputs;
}

}  // namespace nsameta::harness
