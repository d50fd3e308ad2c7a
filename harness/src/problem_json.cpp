#include "harness/problem_json.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "harness/live_shape.h"
#include "harness/nearest_name.h"
#include "json_reader.h"

namespace nsameta::harness {
namespace {

constexpr std::int64_t int32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

constexpr std::array<std::string_view, 11> problem_keys{
    "mode",      "seq_lens",   "extend_seq_lens", "uniform_extend_len", "req_pool_indices", "req_to_token",
    "page_size", "index_topk", "index_kpool",     "kv_shard",           "q_shard"};

constexpr std::array<const char*, 7> status_bits{
    "negative_length", "query_longer_than_kv", "capacity_exceeded", "context_exceeded",
    "bad_slot",        "cu_overflow",          "length_overflow"};

std::string did_you_mean(std::string_view name, std::span<const std::string_view> valid) {
  const std::string nearest = nearest_name(name, valid);
  return nearest.empty() ? "; valid are " + join_names(valid) : "; did you mean \"" + nearest + "\"?";
}

nsameta_mode to_mode(const json& value) {
  if (!value.is_string()) throw json_error("mode: " + shown(value) + " is not a string");
  const std::string name = value.get<std::string>();
  std::vector<std::string_view> names;
  for (const mode_row& row : modes) {
    if (name == row.name) return row.mode;
    names.push_back(row.name);
  }
  throw json_error("mode: " + shown(value) + " is no mode" + did_you_mean(name, names));
}

strided_values to_lengths(const char* key, const json& value) {
  const std::vector<std::int64_t> values = to_integers(key, value, int64_min, int64_max);
  const bool wide =
      std::any_of(values.begin(), values.end(), [](std::int64_t v) { return v < int32_min || v > int32_max; });
  return strided_values(values, wide ? NSAMETA_INT64 : NSAMETA_INT32);
}

token_table to_table(const json& value) {
  if (!value.is_array()) throw json_error("req_to_token: " + shown(value) + " is not an array of rows");
  token_table table;
  for (const json& element : value) {
    const std::string key = "req_to_token[" + std::to_string(table.slots) + "]";
    const std::vector<std::int64_t> row = to_integers(key, element, int32_min, int32_max);
    if (table.slots == 0) table.width = table.row_stride = std::ssize(row);
    if (std::ssize(row) != table.width)
      throw json_error(key + ": " + std::to_string(row.size()) + " columns, but the first row has " +
                       std::to_string(table.width));
    for (const std::int64_t slot : row) table.memory.push_back(static_cast<std::int32_t>(slot));
    ++table.slots;
  }
  return table;
}

template <std::size_t Count>
std::array<std::int32_t, Count> to_shard(const char* key, const json& value) {
  const std::vector<std::int64_t> numbers = to_integers(key, value, int32_min, int32_max);
  if (numbers.size() != Count)
    throw json_error(std::string(key) + ": " + shown(value) + " does not have " + std::to_string(Count) + " numbers");
  std::array<std::int32_t, Count> shard;
  std::transform(numbers.begin(), numbers.end(), shard.begin(), [](auto n) { return static_cast<std::int32_t>(n); });
  return shard;
}

void set_member(problem_data& problem, const std::string& key, const json& value) {
  const auto int32_value = [&] { return static_cast<std::int32_t>(to_integer(key, value, int32_min, int32_max)); };
  if (key == "mode") {
    problem.mode = to_mode(value);
  } else if (key == "seq_lens") {
    problem.seq_lens = to_lengths("seq_lens", value);
  } else if (key == "extend_seq_lens") {
    problem.extend_seq_lens = to_lengths("extend_seq_lens", value);
  } else if (key == "uniform_extend_len") {
    problem.uniform_extend_len = to_integer(key, value, int64_min, int64_max);
  } else if (key == "req_pool_indices") {
    problem.req_pool_indices = to_lengths("req_pool_indices", value);
  } else if (key == "req_to_token") {
    problem.req_to_token = to_table(value);
  } else if (key == "page_size") {
    problem.page_size = int32_value();
  } else if (key == "index_topk") {
    problem.index_topk = int32_value();
  } else if (key == "index_kpool") {
    problem.index_kpool = int32_value();
  } else if (key == "kv_shard") {
    const auto [size, rank, interleave] = to_shard<3>("kv_shard", value);
    problem.kv_shard = {size, rank, interleave};
  } else if (key == "q_shard") {
    const auto [size, rank] = to_shard<2>("q_shard", value);
    problem.q_shard = {size, rank};
  } else {
    throw json_error("unknown key " + shown(key) + did_you_mean(key, problem_keys));
  }
}

void require_batch_size(const char* key, const strided_values& values, const problem_data& problem) {
  if (values.present() && values.size() != problem.batch_size())
    throw json_error(std::string(key) + ": " + std::to_string(values.size()) + " values, but seq_lens has " +
                     std::to_string(problem.batch_size()));
}

json elements(const nsameta_vector& vector) {
  json array = json::array();
  for (std::int64_t i = 0; i < vector.capacity; ++i) {
    if (vector.dtype == NSAMETA_INT64) {
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

json rows_of(const table_field& field, const nsameta_table& table, const live_shape& shape) {
  json rows = json::array();
  for (const auto row : live_rows(field, table, shape))
    rows.push_back(std::vector<std::int32_t>(row.begin(), row.end()));
  return rows;
}

}  // namespace

problem_data problem_from_json(std::string_view text) {
  const json object = parse_object(text);
  problem_data problem;
  for (const auto& [key, value] : object.items()) set_member(problem, key, value);
  for (const char* key : {"mode", "seq_lens"})
    if (!object.contains(key)) throw json_error(std::string(key) + ": the key is missing");
  require_batch_size("extend_seq_lens", problem.extend_seq_lens, problem);
  require_batch_size("req_pool_indices", problem.req_pool_indices, problem);
  return problem;
}

json problem_to_json(const problem_data& problem) {
  const problem_data defaults;
  json object;
  object["mode"] = mode_name(problem.mode);
  object["seq_lens"] = problem.seq_lens.values();
  if (problem.extend_seq_lens.present()) object["extend_seq_lens"] = problem.extend_seq_lens.values();
  if (problem.uniform_extend_len != 0) object["uniform_extend_len"] = problem.uniform_extend_len;
  if (problem.req_pool_indices.present()) object["req_pool_indices"] = problem.req_pool_indices.values();
  for (std::int64_t slot = 0; slot < problem.req_to_token.slots; ++slot) {
    const auto row =
        problem.req_to_token.memory.begin() + problem.req_to_token.first + slot * problem.req_to_token.row_stride;
    object["req_to_token"].push_back(std::vector<std::int32_t>(row, row + problem.req_to_token.width));
  }
  if (problem.page_size != defaults.page_size) object["page_size"] = problem.page_size;
  if (problem.index_topk != defaults.index_topk) object["index_topk"] = problem.index_topk;
  if (problem.index_kpool != defaults.index_kpool) object["index_kpool"] = problem.index_kpool;
  if (const auto& kv = problem.kv_shard; kv.size != 1 || kv.rank != 0 || kv.interleave != 1)
    object["kv_shard"] = {kv.size, kv.rank, kv.interleave};
  if (const auto& q = problem.q_shard; q.size != 1 || q.rank != 0) object["q_shard"] = {q.size, q.rank};
  return object;
}

json answer_to_json(const problem_data& problem, const nsameta_outputs& outputs) {
  const live_shape shape = live_shape_of(problem);
  json answer;
  for (const vector_field& field : vector_fields) {
    const nsameta_vector vector = live_part(field, outputs.*field.member, shape);
    if (vector.data == nullptr) continue;
    if (field.member == &nsameta_outputs::status) {
      const auto word = *static_cast<const std::int32_t*>(vector.data);
      if (word != 0) answer[field.name] = status_names(word);
    } else if (field.size == extent::one) {
      answer[field.name] = elements(vector)[0];
    } else {
      answer[field.name] = elements(vector);
    }
  }
  for (const table_field& field : table_fields)
    if ((outputs.*field.member).data != nullptr) answer[field.name] = rows_of(field, outputs.*field.member, shape);
  return answer;
}

}  // namespace nsameta::harness
