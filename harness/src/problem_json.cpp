#include "harness/problem_json.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "harness/nearest_name.h"
#include "json_reader.h"
#include "plan_forms.h"
#include "plans.h"
#include "problem.h"

namespace nsameta::harness {
namespace {

constexpr std::int64_t int32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

constexpr auto problem_keys = std::to_array<std::string_view>({"mode",
                                                               "seq_lens",
                                                               "extend_seq_lens",
                                                               "uniform_extend_len",
                                                               "req_pool_indices",
                                                               "req_to_token",
                                                               "page_size",
                                                               "index_topk",
                                                               "index_kpool",
                                                               "kv_shard",
                                                               "q_shard",
                                                               "context_limit",
                                                               "live_requests",
                                                               "block_table",
                                                               "block_size",
                                                               "pad_slot",
                                                               "topk_lens",
                                                               "extra_topk_lens",
                                                               "vector_tail",
                                                               "table_tail",
                                                               "table_tail_value",
                                                               "length_offset",
                                                               "capacities",
                                                               "previous",
                                                               "draft_step",
                                                               "row_values_from",
                                                               "plans",
                                                               "plan",
                                                               "num_logits",
                                                               "num_rejected",
                                                               "full_to_swa",
                                                               "out_cache_loc",
                                                               "swa_floor",
                                                               "block_tables",
                                                               "seq_pad",
                                                               "pad_rows_to",
                                                               "draft_steps",
                                                               "compress_ratios"});

constexpr std::array<std::string_view, 3> tail_names{"keep", "zero", "value"};  // by nsameta_tail
constexpr std::size_t vector_tails = 2;                                         // of them

/// Keys of a problem that are not those of the fill before it.
constexpr std::array<const char*, 3> own_keys{"capacities", "previous", "draft_steps"};

nsameta_mode to_mode(const json& value) {
  std::vector<std::string_view> names;
  for (const mode_row& row : modes) names.push_back(row.name);
  return static_cast<nsameta_mode>(to_place("mode", value, "mode", names));
}

strided_values to_lengths(const char* key, const json& value) {
  const std::vector<std::int64_t> values = to_integers(key, value, int64_min, int64_max);
  const bool wide =
      std::any_of(values.begin(), values.end(), [](std::int64_t v) { return v < int32_min || v > int32_max; });
  return strided_values(values, wide ? NSAMETA_INT64 : NSAMETA_INT32);
}

token_table to_table(const std::string& name, const json& value) {
  if (!value.is_array()) throw json_error(name + ": " + shown(value) + " is not an array of rows");
  token_table table;
  for (const json& element : value) {
    const std::string key = name + "[" + std::to_string(table.slots) + "]";
    const std::vector<std::int64_t> row = to_integers(key, element, int32_min, int32_max);
    if (table.slots == 0) table.width = table.row_stride = std::ssize(row);
    if (std::ssize(row) != table.width)
      throw json_error(key + ": " + std::to_string(row.size()) + " columns, but the first row has " +
                       std::to_string(table.width));
    for (const std::int64_t slot : row) table.memory.push_back(static_cast<std::int32_t>(slot));
    ++table.slots;
  }
  if (table.slots > 0 && table.width == 0) table.memory.push_back(0);  // rows without columns are rows
  return table;
}

/// Null for a cache that has none.
std::array<token_table, NSAMETA_BLOCK_TABLES> to_block_tables(const json& value) {
  std::array<token_table, NSAMETA_BLOCK_TABLES> tables;
  if (!value.is_array() || value.size() > tables.size())
    throw json_error("block_tables: " + shown(value) + " is not an array of " + std::to_string(tables.size()) +
                     " tables at most");
  for (std::size_t i = 0; i < value.size(); ++i)
    if (!value[i].is_null()) tables[i] = to_table("block_tables[" + std::to_string(i) + "]", value[i]);
  return tables;
}

json rows_of(const token_table& table) {
  json rows = json::array();
  for (std::int64_t slot = 0; slot < table.slots; ++slot) {
    const auto row = table.memory.begin() + table.first + slot * table.row_stride;
    rows.push_back(std::vector<std::int32_t>(row, row + table.width));
  }
  return rows;
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

nsameta_q_shard to_q_shard(const json& value) {
  if (value.is_array() && (value.size() < 2 || value.size() > 3))
    throw json_error("q_shard: " + shown(value) + " has neither 2 numbers nor 2 and a kind");
  if (!value.is_array() || value.size() == 2) {
    const auto [size, rank] = to_shard<2>("q_shard", value);
    return {size, rank, NSAMETA_Q_SHARD_ROUND_ROBIN};
  }
  const auto [size, rank] = to_shard<2>("q_shard", json::array({value[0], value[1]}));
  const std::vector<std::string_view> names(q_shard_kind_names.begin(), q_shard_kind_names.end());
  return {size, rank, static_cast<nsameta_q_shard_kind>(to_place("q_shard[2]", value[2], "kind", names))};
}

/// One of the first `count` names of tails.
nsameta_tail to_tail(const std::string& key, const json& value, std::size_t count) {
  return static_cast<nsameta_tail>(to_place(key, value, "tail", std::span(tail_names).first(count)));
}

bool set_rule(fill_rules& rules, const std::string& key, const json& value) {
  if (key == "vector_tail") {
    rules.vector_tail = to_tail(key, value, vector_tails);
  } else if (key == "table_tail") {
    rules.table_tail = to_tail(key, value, tail_names.size());
  } else if (key == "table_tail_value") {
    rules.table_tail_value = static_cast<std::int32_t>(to_integer(key, value, int32_min, int32_max));
  } else if (key == "length_offset") {
    rules.length_offset = to_integer(key, value, int64_min, int64_max);
  } else if (key == "draft_step") {
    rules.draft_step = static_cast<std::int32_t>(to_integer(key, value, int32_min, int32_max));
  } else if (key == "row_values_from") {
    rules.row_values_from = to_integer(key, value, int64_min, int64_max);
  } else {
    return false;
  }
  return true;
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
    problem.req_to_token = to_table(key, value);
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
    problem.q_shard = to_q_shard(value);
  } else if (key == "context_limit") {
    problem.context_limit = to_integer(key, value, int64_min, int64_max);
  } else if (key == "live_requests") {
    problem.live_requests = int32_value();
  } else if (key == "block_table") {
    problem.block_table = to_table(key, value);
  } else if (key == "block_size") {
    problem.block_size = int32_value();
  } else if (key == "pad_slot") {
    problem.pad_slot = int32_value();
  } else if (key == "topk_lens") {
    problem.topk_lens = to_lengths("topk_lens", value);
  } else if (key == "extra_topk_lens") {
    problem.extra_topk_lens = to_lengths("extra_topk_lens", value);
  } else if (key == "num_logits") {
    problem.num_logits = to_lengths("num_logits", value);
  } else if (key == "num_rejected") {
    problem.num_rejected = to_lengths("num_rejected", value);
  } else if (key == "full_to_swa") {
    problem.full_to_swa = to_lengths("full_to_swa", value);
  } else if (key == "out_cache_loc") {
    problem.out_cache_loc = to_lengths("out_cache_loc", value);
  } else if (key == "swa_floor") {
    problem.swa_floor = to_lengths("swa_floor", value);
  } else if (key == "block_tables") {
    problem.block_tables = to_block_tables(value);
  } else if (key == "seq_pad") {
    problem.seq_pad = int32_value();
  } else if (key == "pad_rows_to") {
    problem.pad_rows_to = to_integer(key, value, int64_min, int64_max);
  } else {
    throw json_error("unknown key " + shown(key) + did_you_mean(key, problem_keys));
  }
}

void require_batch_size(const char* key, const strided_values& values, const problem_data& problem) {
  if (values.present() && values.size() != problem.batch_size())
    throw json_error(std::string(key) + ": " + std::to_string(values.size()) + " values, but seq_lens has " +
                     std::to_string(problem.batch_size()));
}

std::vector<std::string_view> names_of_plans() {
  std::vector<std::string_view> names;
  for (const plan_kind& kind : plan_kinds) names.push_back(kind.name);
  return names;
}

nsameta_plan to_plan(const std::string& key, const json& object) {
  if (!object.is_object()) throw json_error(key + ": " + shown(object) + " is not an object");
  if (!object.contains("kind")) throw json_error(key + ".kind: the key is missing");
  const auto number = static_cast<std::size_t>(to_place(key + ".kind", object["kind"], "plan", names_of_plans()));
  const plan_kind& kind = plan_kinds[number];
  nsameta_plan plan = usual_plan(static_cast<nsameta_plan_kind>(number));
  std::vector<std::string_view> names{"kind"};
  if (!kind.presets.empty()) names.push_back("preset");
  for (const plan_constant& constant : kind.constants) {
    names.push_back(constant.name);
  }
  for (const auto& [name, value] : object.items()) {
    const auto found = std::ranges::find(kind.constants, std::string_view(name), &plan_constant::name);
    if (found != kind.constants.end())
      plan.*found->member = static_cast<std::int32_t>(to_integer(key + "." + name, value, int32_min, int32_max));
    else if (name == "preset" && !kind.presets.empty())
      plan.preset = static_cast<std::int32_t>(to_place(
          key + ".preset", value, "preset", std::vector<std::string_view>(kind.presets.begin(), kind.presets.end())));
    else if (name != "kind")
      throw json_error(key + ": unknown key " + shown(name) + did_you_mean(name, names));
  }
  return plan;
}

json plan_to_json(const nsameta_plan& plan) {
  const plan_kind& kind = row_of(plan.kind);
  json object{{"kind", kind.name}};
  if (!kind.presets.empty()) object["preset"] = kind.presets[static_cast<std::size_t>(plan.preset)];
  for (const plan_constant& constant : kind.constants) object[constant.name] = plan.*constant.member;
  return object;
}

/// An object without the keys of its own.
fill_data to_fill(const json& object) {
  fill_data fill;
  for (const auto& [key, value] : object.items())
    if (key == "plan")
      fill.step_vectors = to_place(key, value, "plan", std::to_array<std::string_view>({"step"})) == 0;
    else if (key == "plans" && !value.is_array())
      throw json_error("plans: " + shown(value) + " is not an array");
    else if (key == "plans")
      for (const json& plan : value)
        fill.plans.push_back(to_plan("plans[" + std::to_string(fill.plans.size()) + "]", plan));
    else if (std::ranges::find(own_keys, key) == own_keys.end() && !set_rule(fill.rules, key, value))
      set_member(fill.problem, key, value);
  const auto require = [&](const char* key, const std::string& why = "") {
    if (!object.contains(key)) throw json_error(std::string(key) + ": the key is missing" + why);
  };
  require("mode");
  require("seq_lens");
  if (object.contains("req_pool_indices")) require("req_to_token", ", but req_pool_indices is given");
  if (object.contains("req_to_token")) require("req_pool_indices", ", but req_to_token is given");
  require_batch_size("extend_seq_lens", fill.problem.extend_seq_lens, fill.problem);
  require_batch_size("req_pool_indices", fill.problem.req_pool_indices, fill.problem);
  require_batch_size("topk_lens", fill.problem.topk_lens, fill.problem);
  require_batch_size("extra_topk_lens", fill.problem.extra_topk_lens, fill.problem);
  require_batch_size("num_logits", fill.problem.num_logits, fill.problem);
  require_batch_size("num_rejected", fill.problem.num_rejected, fill.problem);
  const strided_values &slots = fill.problem.out_cache_loc, &floors = fill.problem.swa_floor;
  if (slots.present() && floors.present() && slots.size() != floors.size())
    throw json_error("swa_floor: " + std::to_string(floors.size()) + " values, but out_cache_loc has " +
                     std::to_string(slots.size()));
  return fill;
}

/// What the previous batch of an object lacks is that of the object; null takes a key away.
fill_data to_previous(const json& object) {
  const json& changes = object["previous"];
  if (!changes.is_object()) throw json_error("previous: " + shown(changes) + " is not an object");
  json whole = object;
  for (const char* key : own_keys) {
    if (changes.contains(key)) throw json_error(std::string("previous.") + key + ": only the last batch has it");
    whole.erase(key);
  }
  for (const auto& [key, value] : changes.items()) {
    if (value.is_null())
      whole.erase(key);
    else
      whole[key] = value;
  }
  try {
    return to_fill(whole);
  } catch (const json_error& error) {
    throw json_error(std::string("previous: ") + error.what());
  }
}

/// The capacity's place, by the name of its field and whether the problem has that.
std::optional<std::int64_t>& capacity_of(case_data& stated, const std::string& name, const std::string& shown_value) {
  const auto require = [&](bool applies) {
    if (!applies) throw json_error("capacities." + name + ": " + shown_value + ", but the problem has no such output");
  };
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    names.push_back(vector_fields[i].name);
    if (name != names.back()) continue;
    require(field_applies(vector_fields[i], stated.problem));
    return stated.elements[i];
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    names.push_back(table_fields[i].name);
    if (name != names.back()) continue;
    require(tables_apply(stated.problem));
    return stated.rows[i];
  }
  throw json_error("capacities: unknown key " + shown(name) + did_you_mean(name, names));
}

void set_capacities(case_data& stated, const json& value) {
  if (!value.is_object()) throw json_error("capacities: " + shown(value) + " is not an object");
  for (const auto& [name, capacity] : value.items())
    capacity_of(stated, name, shown(capacity)) = to_integer("capacities." + name, capacity, 0, int64_max);
}

json fill_to_json(const fill_data& fill) {
  const fill_rules defaults, &rules = fill.rules;
  json object = problem_to_json(fill.problem);
  if (fill.step_vectors) object["plan"] = "step";
  for (const nsameta_plan& plan : fill.plans) object["plans"].push_back(plan_to_json(plan));
  if (rules.vector_tail != defaults.vector_tail)
    object["vector_tail"] = tail_names[static_cast<std::size_t>(rules.vector_tail)];
  if (rules.table_tail != defaults.table_tail)
    object["table_tail"] = tail_names[static_cast<std::size_t>(rules.table_tail)];
  if (rules.table_tail_value != defaults.table_tail_value) object["table_tail_value"] = rules.table_tail_value;
  if (rules.length_offset != defaults.length_offset) object["length_offset"] = rules.length_offset;
  if (rules.draft_step != defaults.draft_step) object["draft_step"] = rules.draft_step;
  if (rules.row_values_from != defaults.row_values_from) object["row_values_from"] = rules.row_values_from;
  return object;
}

}  // namespace

case_data case_from_json(std::string_view text) {
  const json object = in_general_form(parse_object(text));
  case_data stated;
  static_cast<fill_data&>(stated) = to_fill(object);
  if (object.contains("capacities")) set_capacities(stated, object["capacities"]);
  if (object.contains("previous")) stated.previous = to_previous(object);
  if (object.contains("draft_steps"))
    stated.draft_steps =
        static_cast<std::int32_t>(to_integer("draft_steps", object["draft_steps"], 0, most_draft_steps));
  return stated;
}

json problem_to_json(const problem_data& problem) {
  const problem_data defaults;
  json object;
  object["mode"] = mode_name(problem.mode);
  object["seq_lens"] = problem.seq_lens.values();
  if (problem.extend_seq_lens.present()) object["extend_seq_lens"] = problem.extend_seq_lens.values();
  if (problem.uniform_extend_len != 0) object["uniform_extend_len"] = problem.uniform_extend_len;
  if (problem.req_pool_indices.present()) object["req_pool_indices"] = problem.req_pool_indices.values();
  if (problem.req_to_token.slots > 0) object["req_to_token"] = rows_of(problem.req_to_token);
  if (problem.page_size != defaults.page_size) object["page_size"] = problem.page_size;
  if (problem.index_topk != defaults.index_topk) object["index_topk"] = problem.index_topk;
  if (problem.index_kpool != defaults.index_kpool) object["index_kpool"] = problem.index_kpool;
  if (const auto& kv = problem.kv_shard; kv.size != 1 || kv.rank != 0 || kv.interleave != 1)
    object["kv_shard"] = {kv.size, kv.rank, kv.interleave};
  if (const auto& q = problem.q_shard; q.size != 1 || q.rank != 0 || q.kind != NSAMETA_Q_SHARD_ROUND_ROBIN) {
    object["q_shard"] = {q.size, q.rank};
    if (q.kind != NSAMETA_Q_SHARD_ROUND_ROBIN)
      object["q_shard"].push_back(q_shard_kind_names[static_cast<std::size_t>(q.kind)]);
  }
  if (problem.context_limit != 0) object["context_limit"] = problem.context_limit;
  if (problem.live_requests) object["live_requests"] = *problem.live_requests;
  if (problem.block_table.slots > 0) object["block_table"] = rows_of(problem.block_table);
  if (problem.block_size != defaults.block_size) object["block_size"] = problem.block_size;
  if (problem.pad_slot != defaults.pad_slot) object["pad_slot"] = problem.pad_slot;
  if (problem.topk_lens.present()) object["topk_lens"] = problem.topk_lens.values();
  if (problem.extra_topk_lens.present()) object["extra_topk_lens"] = problem.extra_topk_lens.values();
  if (problem.num_logits.present()) object["num_logits"] = problem.num_logits.values();
  if (problem.num_rejected.present()) object["num_rejected"] = problem.num_rejected.values();
  if (problem.seq_pad != defaults.seq_pad) object["seq_pad"] = problem.seq_pad;
  if (problem.pad_rows_to != 0) object["pad_rows_to"] = problem.pad_rows_to;
  if (problem.full_to_swa.present()) object["full_to_swa"] = problem.full_to_swa.values();
  if (problem.out_cache_loc.present()) object["out_cache_loc"] = problem.out_cache_loc.values();
  if (problem.swa_floor.present()) object["swa_floor"] = problem.swa_floor.values();
  if (std::ranges::any_of(problem.block_tables, [](const token_table& table) { return table.slots > 0; }))
    for (const token_table& table : problem.block_tables)
      object["block_tables"].push_back(table.slots > 0 ? rows_of(table) : json());
  return object;
}

json case_to_json(const case_data& stated) {
  json object = fill_to_json(stated);
  for (std::size_t i = 0; i < vector_fields.size(); ++i)
    if (stated.elements[i]) object["capacities"][vector_fields[i].name] = *stated.elements[i];
  for (std::size_t i = 0; i < table_fields.size(); ++i)
    if (stated.rows[i]) object["capacities"][table_fields[i].name] = *stated.rows[i];
  if (stated.draft_steps != 0) object["draft_steps"] = stated.draft_steps;
  if (!stated.previous) return object;
  const json before = fill_to_json(*stated.previous);
  json changes = json::object();
  for (const auto& [key, value] : before.items())
    if (!object.contains(key) || object[key] != value) changes[key] = value;
  for (const auto& [key, value] : object.items())
    if (!before.contains(key) && std::ranges::find(own_keys, key) == own_keys.end()) changes[key] = nullptr;
  object["previous"] = changes;
  return object;
}

}  // namespace nsameta::harness
