#include "plan_forms.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "json_reader.h"
#include "plans.h"

namespace nsameta::harness {
namespace {

constexpr std::int64_t int32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

/// Of a problem that asks for a plan alone, in the words of its library: the key of the lengths, and of others.
struct plan_form {
  const char* name;
  nsameta_plan_kind kind;
  const char* lengths;
  std::vector<std::pair<const char*, const char*>> renamed;
  const char* preset = nullptr;  ///< where the problem does not say; null: the kind's first one
  const char* mode = "decode";
};
const std::vector<plan_form>& plan_forms() {
  static const std::vector<plan_form> forms{
      {"paged_mqa_schedule", NSAMETA_PLAN_PAGED_MQA, "context_lens", {}},
      {"flashmla",
       NSAMETA_PLAN_FLASHMLA,
       "cache_seqlens",
       {{"topk_length", "topk_lens"}, {"extra_topk_length", "extra_topk_lens"}, {"api", "preset"}}},
      {"topk_plan", NSAMETA_PLAN_TOPK, "lens", {}},
      {"aiter_fast", NSAMETA_PLAN_AITER, "kv_lens", {{"max_split_per_batch", "max_splits"}}},
      {"aiter_intra", NSAMETA_PLAN_AITER, "kv_lens", {}, "intra"},
      {"dcp_local", NSAMETA_PLAN_DCP_LOCAL, "seq_lens", {}},
      {"zigzag", NSAMETA_PLAN_ZIGZAG, "seq_lens", {}, nullptr, "extend"},
      {"context_lens", NSAMETA_PLAN_CONTEXT_LENS, "seq_lens", {}}};
  return forms;
}

/// Positions of a cache that has `pages`, the last of which holds `last_keys`.
json positions_of(const json& pages, std::int64_t page_size, const json& last_keys) {
  json positions = json::array();
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::int64_t count = to_integer("kv_lens", pages[i], int32_min, int32_max);
    const std::int64_t last =
        i < last_keys.size() ? to_integer("kv_last_page_lens", last_keys[i], 1, page_size) : page_size;
    positions.push_back(count > 0 ? (count - 1) * page_size + last : count);
  }
  return positions;
}

/// A problem that asks for one plan, as a batch whose list of plans has that one.
json with_plan_alone(const json& object, const plan_form& form) {
  const plan_kind& kind = row_of(form.kind);
  json whole{{"mode", form.mode}}, plan{{"kind", kind.name}};
  if (form.preset != nullptr) plan["preset"] = form.preset;
  for (const char* key : {"mode", "seq_lens", "plans"})
    if (key != std::string_view(form.lengths) && object.contains(key))
      throw json_error(key + std::string(": does not go with the plan ") + form.name);
  for (const auto& [key, value] : object.items()) {
    const auto other = std::ranges::find(form.renamed, key, [](const auto& pair) { return std::string(pair.first); });
    const std::string name = other == form.renamed.end() ? key : other->second;
    const bool of_plan = name == "preset" || std::ranges::find(kind.constants, std::string_view(name),
                                                               &plan_constant::name) != kind.constants.end();
    if (name == "plan") continue;
    if (name == "batch")
      whole["seq_lens"] = std::vector<int>(static_cast<std::size_t>(to_integer(key, value, 0, 1 << 20)), 0);
    else if (name != form.lengths)
      (of_plan ? plan : whole)[name] = value;
    else if (value.is_array() && !value.empty() && value[0].is_array()) {  // the last column counts
      whole["seq_lens"] = json::array();
      for (const json& row : value) whole["seq_lens"].push_back(row.empty() ? json(0) : row.back());
      plan["next_n"] = value[0].size();
    } else {
      whole["seq_lens"] = value;
    }
  }
  if (form.kind == NSAMETA_PLAN_AITER) {
    const json last_keys = whole.value("kv_last_page_lens", json::array());
    whole.erase("kv_last_page_lens");
    if (whole.contains("seq_lens") && whole["seq_lens"].is_array())
      whole["seq_lens"] = positions_of(
          whole["seq_lens"], plan.contains("page_size") ? to_integer("page_size", plan["page_size"], 1, int32_max) : 1,
          last_keys);
  }
  whole["plans"] = json::array({plan});
  return whole;
}

/// A chain of draft steps as engines state it, with all that a step has.
json with_draft_steps(const json& object) {
  if (!object.contains("steps")) throw json_error("steps: the key is missing");
  json whole{{"mode", "decode"}, {"plan", "step"}, {"page_size", 1}};
  for (const auto& [key, value] : object.items())
    if (key != "plan") whole[key == "steps" ? "draft_steps" : key == "max_len" ? "context_limit" : key] = value;
  if (object.contains("req_to_token")) whole["plans"] = json::array({{{"kind", "page_list"}}});
  return whole;
}

void add_plan(json& whole, const json& plan) {
  json& plans = whole["plans"];
  if (!plans.is_null() && !plans.is_array()) throw json_error("plans: " + shown(plans) + " is not an array");
  plans.push_back(plan);
}

/// Where the raw tokens of a cache wait, as the plans of the step.
void add_state(json& whole, const std::string& name, const json& state, std::int64_t ratio, const json& overlap,
               const json& swa_page_size, const json& tail) {
  constexpr auto keys = std::to_array<std::string_view>({"kind", "ring", "slot_offset"});
  if (!state.is_object()) throw json_error(name + ": " + shown(state) + " is not an object");
  for (const auto& [key, value] : state.items())
    if (std::ranges::find(keys, key) == keys.end())
      throw json_error(name + ": unknown key " + shown(key) + did_you_mean(key, keys));
  for (const char* key : {"kind", "ring"})
    if (!state.contains(key)) throw json_error(name + "." + key + ": the key is missing");
  json plan{{"ratio", ratio},
            {"preset", state["kind"]},
            {"ring", state["ring"]},
            {"slot_offset", state.value("slot_offset", json(0))},
            {"swa_page_size", state["kind"] == "swa" ? swa_page_size : json(0)},
            {"overlap", overlap}};
  const bool is_decode = whole.value("mode", json()) == "decode";
  for (const char* kind : {"state_decode", "state_compress", "state_write"})
    if (is_decode == (kind == std::string_view("state_decode"))) {
      plan["kind"] = kind;
      if (!is_decode) plan["invalid_tail"] = tail;
      add_plan(whole, plan);
    }
}

bool to_flag(const std::string& name, const json& value) {
  if (!value.is_boolean()) throw json_error(name + ": " + shown(value) + " is neither true nor false");
  return value.get<bool>();
}

/// A record for each compressed cache, as plans of its rows, requests, slots, blocks, events and carries; of a prefill
/// also of the buffer that its entries are gathered in.
json with_compressed_caches(const json& object) {
  constexpr auto keys = std::to_array<std::string_view>(
      {"ratio", "block_size", "topk", "no_slot", "overlap", "ragged_align", "state", "candidates"});
  const json& records = object["compress_ratios"];
  if (!records.is_array()) throw json_error("compress_ratios: " + shown(records) + " is not an array");
  if (object.contains("plan") && object["plan"] != "step") throw json_error("compress_ratios: does not go with plan");
  json whole = object;
  whole.erase("compress_ratios");
  const json index_align = object.value("index_align", json(64)),
             table_rows = object.value("table_rows", json("request"));
  whole.erase("index_align");
  whole.erase("table_rows");
  whole.erase("swa_page_size");
  whole.erase("tail");
  const std::ptrdiff_t tails = to_place("tail", object.value("tail", json("keep")), "tail",
                                        std::to_array<std::string_view>({"keep", "invalid", "value"}));
  const json tail = tails == 1 ? 1 : 0;  // of lists
  const json tables = object.value("block_tables", json::array());
  const std::int64_t page_size = object.contains("page_size")
                                     ? to_integer("page_size", object["page_size"], 1, int32_max)
                                     : problem_data{}.page_size;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string name = "compress_ratios[" + std::to_string(i) + "]";
    if (!records[i].is_object()) throw json_error(name + ": " + shown(records[i]) + " is not an object");
    if (!records[i].contains("ratio")) throw json_error(name + ".ratio: the key is missing");
    const std::int64_t ratio = to_integer(name + ".ratio", records[i]["ratio"], 1, most_ratio);
    for (std::size_t earlier = 0; earlier < i; ++earlier)
      if (records[earlier]["ratio"] == ratio)
        throw json_error(name + ".ratio: " + std::to_string(ratio) + " is that of compress_ratios[" +
                         std::to_string(earlier) + "] too");
    if (!records[i].contains("block_size") && page_size < ratio)
      throw json_error(name + ".block_size: the key is missing, and page_size, which is " + std::to_string(page_size) +
                       ", has no room for an entry of " + std::to_string(ratio) + " tokens");
    json rows{{"kind", "compressed_rows"}, {"block_size", page_size / ratio}, {"no_slot", ratio > 2 ? 0 : -1}};
    for (const auto& [key, value] : records[i].items()) {
      if (std::ranges::find(keys, key) == keys.end())
        throw json_error(name + ": unknown key " + shown(key) + did_you_mean(key, keys));
      rows[key] = value;
    }
    rows["blocks_from"] = i < tables.size() && !tables[i].is_null() ? i + 1 : 0;
    json events{{"kind", "compressed_events"},
                {"ratio", ratio},
                {"overlap", rows.value("overlap", json(ratio == 4))},
                {"invalid_tail", tail}};
    if (events["overlap"].is_boolean()) events["overlap"] = events["overlap"].get<bool>() ? 1 : 0;
    rows.erase("overlap");
    json ragged{{"kind", "ragged_rows"}, {"ratio", ratio}, {"ragged_align", rows.value("ragged_align", json(1))}};
    rows.erase("ragged_align");
    rows.erase("state");
    const json wants_candidates = rows.value("candidates", json(false));
    rows.erase("candidates");
    json indices = rows, blocks{{"kind", "compressed_blocks"},
                                {"ratio", ratio},
                                {"block_size", rows["block_size"]},
                                {"blocks_from", rows["blocks_from"]},
                                {"preset", table_rows}};
    indices["kind"] = "compressed_indices";
    indices["index_align"] = index_align;
    indices["invalid_tail"] = tails == 2 ? 1 : 0;
    indices.erase("no_slot");
    const json overlap = events["overlap"];
    for (const json& plan : {rows, json{{"kind", "compressed_requests"}, {"ratio", ratio}}, indices, blocks, events,
                             json{{"kind", "compressed_carries"}, {"ratio", ratio}, {"invalid_tail", tail}}})
      add_plan(whole, plan);
    if (records[i].contains("state"))
      add_state(whole, name + ".state", records[i]["state"], ratio, overlap, object.value("swa_page_size", json(0)),
                tail);
    if (to_flag(name + ".candidates", wants_candidates))
      add_plan(whole, {{"kind", "compressed_candidates"},
                       {"ratio", ratio},
                       {"block_size", rows["block_size"]},
                       {"blocks_from", rows["blocks_from"]},
                       {"next_n", object.value("uniform_extend_len", json(1))}});
    if (object.value("mode", json()) != "extend") continue;
    add_plan(whole, ragged);
    add_plan(whole, {{"kind", "ragged_blocks"},
                     {"ratio", ratio},
                     {"block_size", rows["block_size"]},
                     {"blocks_from", rows["blocks_from"]}});
  }
  return whole;
}

/// A rank's views of caches that all ranks of a kv_shard index: vectors and tables have them but for the slots of rows.
json with_local_tables(const json& object) {
  json whole = object;
  whole.erase("local_tables");
  if (to_flag("local_tables", object["local_tables"])) add_plan(whole, {{"kind", "local_slots"}});
  return whole;
}

/// A sliding window, as a plan of it.
json with_window(const json& object) {
  if (object.contains("plan") && object["plan"] != "step") throw json_error("swa_window: does not go with plan");
  json whole = object, window{{"kind", "window"}};
  const auto take = [&](const char* key, const auto& use) {
    if (!object.contains(key)) return;
    use(object[key]);
    whole.erase(key);
  };
  for (const char* key : {"swa_window", "swa_ring"}) take(key, [&](const json& value) { window[key] = value; });
  take("swa_source", [&](const json& value) { window["preset"] = value; });
  take("swa_order", [&](const json& value) {
    window["oldest_first"] =
        to_place("swa_order", value, "order", std::to_array<std::string_view>({"newest", "oldest"}));
  });
  take("swa_shape", [&](const json& value) {
    window["whole_step"] = to_place("swa_shape", value, "shape", std::to_array<std::string_view>({"causal", "block"}));
  });
  if (object.contains("index_align")) window["index_align"] = object["index_align"];
  if (!object.contains("compress_ratios")) whole.erase("index_align");
  add_plan(whole, window);
  return whole;
}

}  // namespace

json in_general_form(const json& given) {
  json object = given.contains("swa_window") ? with_window(given) : given;
  if (object.contains("compress_ratios")) object = with_compressed_caches(object);
  if (object.contains("local_tables")) object = with_local_tables(object);
  if (!object.contains("plan")) return object;
  std::vector<std::string_view> names;
  for (const plan_form& form : plan_forms()) names.push_back(form.name);
  names.push_back("draft_steps");
  names.push_back("step");
  const auto place = static_cast<std::size_t>(to_place("plan", object["plan"], "plan", names));
  if (place < plan_forms().size()) return with_plan_alone(object, plan_forms()[place]);
  return names[place] == "draft_steps" ? with_draft_steps(object) : object;
}

}  // namespace nsameta::harness
