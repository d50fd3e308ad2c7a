#include <array>
#include <optional>

#include "harness/live_shape.h"
#include "harness/problem_json.h"
#include "plans.h"

namespace nsameta::harness {
namespace {

constexpr std::array<const char*, 8> status_bits{
    "negative_length", "query_longer_than_kv", "capacity_exceeded", "context_exceeded",
    "bad_slot",        "cu_overflow",          "length_overflow",   "plan_overflow"};

json elements(const nsameta_vector& vector) {
  json array = json::array();
  for (std::int64_t i = 0; i < vector.capacity; ++i) {
    if (vector.dtype == NSAMETA_BOOL) {
      array.push_back(static_cast<const std::uint8_t*>(vector.data)[i]);
    } else if (vector.dtype == NSAMETA_INT64) {
      array.push_back(static_cast<const std::int64_t*>(vector.data)[i]);
    } else {
      array.push_back(static_cast<const std::int32_t*>(vector.data)[i]);
    }
  }
  return array;
}

json status_names(std::int32_t word) {
  json names = json::array();
  for (std::size_t bit = 0; bit < status_bits.size(); ++bit)
    if ((word >> bit) & 1) names.push_back(status_bits[bit]);
  return names;
}

json all_rows(const nsameta_table& table) {
  json rows = json::array();
  for (std::int64_t row = 0; row < table.rows; ++row) {
    const std::int32_t* first = table.data + row * table.row_stride;
    rows.push_back(std::vector<std::int32_t>(first, first + table.width));
  }
  return rows;
}

json rows_of(const std::vector<std::span<const std::int32_t>>& live) {
  json rows = json::array();
  for (const auto row : live) rows.push_back(std::vector<std::int32_t>(row.begin(), row.end()));
  return rows;
}

/// What a plan wrote, in rows of so many columns.
json plan_rows(const nsameta_vector& written, const plan_buffer& buffer, std::int64_t columns) {
  const json words = elements(written);
  if (columns == 1 && buffer.columns != plan_buffer::candidates) return words;
  json rows = json::array();
  for (auto row = words.begin(); row != words.end(); row += columns)
    rows.push_back(std::vector<json>(row, row + columns));
  return rows;
}

}  // namespace

json answer_to_json(const case_data& stated, const nsameta_outputs& outputs) {
  const live_shape shape = live_shape_of(stated.batch(), stated.rules.added_length());
  json answer;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_field& field = vector_fields[i];
    const nsameta_vector& whole = outputs.*field.member;
    if (whole.data == nullptr) continue;
    const nsameta_vector live = live_part(field, whole, shape);
    if (field.member == &nsameta_outputs::status) {
      const auto word = *static_cast<const std::int32_t*>(live.data);
      if (word != 0) answer[field.name] = status_names(word);
    } else if (field.size == extent::one) {
      answer[field.name] = elements(live)[0];
    } else {
      answer[field.name] = elements(stated.elements[i] ? whole : live);
    }
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    const nsameta_table& table = outputs.*table_fields[i].member;
    if (table.data != nullptr)
      answer[table_fields[i].name] =
          stated.rows[i] ? all_rows(table) : rows_of(live_rows(table_fields[i], table, shape));
  }
  for (const nsameta_plan& plan : plans_of(outputs)) {
    const std::span<const plan_buffer> buffers = row_of(plan.kind).buffers;
    const std::string prefix = plan.ratio > 0 ? "c" + std::to_string(plan.ratio) + "_" : "";  // of a compressed cache
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      if (plan.buffers[i].data == nullptr) continue;
      const std::string first_name = prefix + buffers[i].name;
      std::string name = first_name;
      for (int number = 2; answer.contains(name); ++number) name = first_name + "_" + std::to_string(number);
      answer[name] = is_table(buffers[i]) ? rows_of(live_rows(plan, i, shape))
                                          : plan_rows(live_part(plan, i, shape), buffers[i],
                                                      columns_of(plan, buffers[i], shape.problem));
    }
  }
  return answer;
}

void add_draft_step(json& answer, const json& step) {
  const auto add = [&](const std::string& name, const json& value) { answer["draft_" + name].push_back(value); };
  for (const auto& [key, value] : step.items())
    if (key != "status")
      add(key == "cache_seqlens" ? "seq_lens" : key == "nsa_cache_seqlens" ? "nsa_seqlens" : key, value);
  add("status", step.value("status", json::array()));
}

}  // namespace nsameta::harness
