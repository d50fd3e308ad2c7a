#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "harness/output_buffers.h"
#include "harness/problem_json.h"

namespace nsameta::test {
namespace {

using namespace harness;

/// The error that the text gives, or "" when it gives none.
std::string error_of(const std::string& text) {
  try {
    case_from_json(text);
    return "";
  } catch (const json_error& error) {
    return error.what();
  }
}

std::string error_with(const std::string& member) {
  return error_of(R"({"mode": "extend", "seq_lens": [10, 4], )" + member + "}");
}

TEST_CASE("a problem comes back from its own JSON") {
  const std::vector<std::string> problems{
      R"({"mode":"decode","seq_lens":[]})",
      R"({"mode":"target_verify","seq_lens":[5,9],"uniform_extend_len":4})",
      R"({"mode":"extend","seq_lens":[10,4],"extend_seq_lens":[3,2],"index_topk":8,"q_shard":[4,1]})",
      R"({"mode":"extend","seq_lens":[17],"extend_seq_lens":[16],"page_size":640,"q_shard":[4,1,"zigzag"]})",
      R"({"mode":"extend","seq_lens":[17],"extend_seq_lens":[16],"q_shard":[1,0,"contiguous"]})",
      R"({"mode":"draft_extend","seq_lens":[5000000000,-1],"extend_seq_lens":[1,2],"kv_shard":[2,1,16]})",
      R"({"mode":"decode","seq_lens":[2],"req_pool_indices":[1],"req_to_token":[[7,8],[9,10]],"page_size":2,)"
      R"("index_kpool":4})"};
  for (const std::string& text : problems) {
    const problem_data problem = case_from_json(text).problem;
    CHECK(json::parse(text) == problem_to_json(problem));
    CHECK(problem_to_json(case_from_json(problem_to_json(problem).dump()).problem) == problem_to_json(problem));
  }
}

TEST_CASE("every vector's problem comes back from its own JSON") {
  std::ifstream file(NSAMETA_TEST_DATA "/vectors.jsonl");
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    json problem = json::parse(line)["problem"];
    const json back = problem_to_json(case_from_json(problem.dump()).problem);
    for (const auto& [key, value] : back.items()) CHECK(problem[key] == value);
  }
  CHECK(count == 48);
}

TEST_CASE("absent keys take the defaults") {
  const problem_data problem = case_from_json(R"({"mode": "decode", "seq_lens": [3]})").problem;
  CHECK(problem.page_size == 64);
  CHECK(problem.index_topk == 2048);
  CHECK(problem.index_kpool == 1);
  CHECK_FALSE(problem.extend_seq_lens.present());
  CHECK(problem.view().extend_seq_lens.data == nullptr);
  CHECK(problem.view().kv_shard.size == 1);
  CHECK(problem.view().q_shard.size == 1);
  CHECK(problem.view().q_shard.kind == NSAMETA_Q_SHARD_ROUND_ROBIN);
}

TEST_CASE("lengths are int64 when one of them needs it") {
  CHECK(case_from_json(R"({"mode":"decode","seq_lens":[2147483647]})").problem.seq_lens.dtype() == NSAMETA_INT32);
  CHECK(case_from_json(R"({"mode":"decode","seq_lens":[1,2147483648]})").problem.seq_lens.dtype() == NSAMETA_INT64);
}

TEST_CASE("an error names the key and the value") {
  CHECK(error_with(R"("page_size": "big")") == "page_size: \"big\" is not an integer");
  CHECK(error_with(R"("page_size": 1.5)") == "page_size: 1.5 is not an integer");
  CHECK(error_with(R"("index_topk": 3000000000)") == "index_topk: 3000000000 is outside -2147483648 to 2147483647");
  CHECK(error_with(R"("extend_seq_lens": [1, null])") == "extend_seq_lens[1]: null is not an integer");
  CHECK(error_with(R"("extend_seq_lens": [1, 18446744073709551615])") ==
        "extend_seq_lens[1]: 18446744073709551615 is outside -9223372036854775808 to 9223372036854775807");
  CHECK(error_with(R"("extend_seq_lens": [1])") == "extend_seq_lens: 1 values, but seq_lens has 2");
  CHECK(error_with(R"("req_to_token": [[1, 2], [3]])") == "req_to_token[1]: 1 columns, but the first row has 2");
  CHECK(error_with(R"("kv_shard": [2, 0])") == "kv_shard: [2,0] does not have 3 numbers");
  CHECK(error_with(R"("q_shard": [2])") == "q_shard: [2] has neither 2 numbers nor 2 and a kind");
  CHECK(error_with(R"("q_shard": [2, 0, "zigzag", 1])") ==
        "q_shard: [2,0,\"zigzag\",1] has neither 2 numbers nor 2 and a kind");
  CHECK(error_with(R"("q_shard": ["zigzag", 2, 0])") == "q_shard[0]: \"zigzag\" is not an integer");
  CHECK(error_with(R"("q_shard": [2, 0, 2])") == "q_shard[2]: 2 is not a string");
  CHECK(error_with(R"("q_shard": [2, 0, "zig-zag"])") ==
        "q_shard[2]: \"zig-zag\" is no kind; did you mean \"zigzag\"?");
  CHECK(error_with(R"("q_shard": [2, 0, "round_robin"])").empty());
  CHECK(error_with(R"("extend_lens": [1, 1])") == "unknown key \"extend_lens\"; did you mean \"extend_seq_lens\"?");
  CHECK(error_with(R"("mode": "decode")") == "\"mode\": the key is given twice");
  CHECK(error_of(R"({"mode": "decoed", "seq_lens": []})") == "mode: \"decoed\" is no mode; did you mean \"decode\"?");
  CHECK(error_of(R"({"mode": 3, "seq_lens": []})") == "mode: 3 is not a string");
  CHECK(error_of(R"({"mode": "decode"})") == "seq_lens: the key is missing");
  CHECK(error_of(R"([1, 2])") == "a problem is a JSON object, not [1,2]");
}

TEST_CASE("plans come back from their JSON, and an error of one names it") {
  const std::string text =
      R"({"mode":"decode","seq_lens":[5],"topk_lens":[3],"plans":[{"kind":"flashmla","preset":"2025",)"
      R"("num_sm_parts":4,"block":64,"overhead":3,"topk":8,"extra_topk":0},{"kind":"topk_plan","static_threshold":2}]})";
  CHECK(case_to_json(case_from_json(text)).dump() == text);
  CHECK(error_with(R"("plans": {})") == "plans: {} is not an array");
  CHECK(error_with(R"("plans": [{"block": 64}])") == "plans[0].kind: the key is missing");
  CHECK(
      error_with(R"("plans": [{"kind": "flashmla", "num_sms": 4}])").starts_with("plans[0]: unknown key \"num_sms\""));
  CHECK(error_with(R"("plans": [{"kind": "flash"}])").starts_with("plans[0].kind: \"flash\" is no plan"));
  CHECK(error_with(R"("plans": [{"kind": "flashmla", "preset": "2027"}])").starts_with("plans[0].preset: \"2027\""));
  CHECK(error_with(R"("plan": "topk_plan")").find("does not go with the plan topk_plan") != std::string::npos);
  CHECK(error_with(R"("draft_steps": 1025)") == "draft_steps: 1025 is outside 0 to 1024");
  CHECK(error_with(R"("plan": "draft_steps")") == "steps: the key is missing");
  CHECK(error_with(R"("previous": {"plan": "flashmla"})").starts_with("previous: plan: \"flashmla\" is no plan"));
}

TEST_CASE("compressed caches are six plans each, in a prefill eight, with the engines' defaults") {
  const auto stated = case_from_json(
      R"({"mode": "decode", "seq_lens": [8], "page_size": 256, "table_rows": "row", "index_align": 4, "compress_ratios": [{"ratio": 1, "topk": 5}, {"ratio": 4}]})");
  REQUIRE(stated.plans.size() == 12);
  const nsameta_plan &tokens = stated.plans[0], &fours = stated.plans[6];
  CHECK(tokens.kind == NSAMETA_PLAN_COMPRESSED_ROWS);
  CHECK(tokens.block == 256);
  CHECK(tokens.topk == 5);
  CHECK(tokens.no_slot == -1);
  CHECK(fours.ratio == 4);
  CHECK(fours.block == 64);
  CHECK(fours.no_slot == 0);
  CHECK(stated.plans[7].kind == NSAMETA_PLAN_COMPRESSED_REQUESTS);
  CHECK(stated.plans[7].ratio == 4);
  const nsameta_plan &slots = stated.plans[2], &blocks = stated.plans[3];
  CHECK(slots.kind == NSAMETA_PLAN_COMPRESSED_INDICES);
  CHECK(slots.topk == 5);
  CHECK(slots.index_align == 4);
  CHECK(blocks.kind == NSAMETA_PLAN_COMPRESSED_BLOCKS);
  CHECK(blocks.block == 256);
  CHECK(blocks.preset == NSAMETA_BLOCKS_OF_ROWS);
  CHECK(stated.plans[4].kind == NSAMETA_PLAN_COMPRESSED_EVENTS);
  CHECK(stated.plans[4].overlap == 0);
  CHECK(stated.plans[5].kind == NSAMETA_PLAN_COMPRESSED_CARRIES);
  CHECK(stated.plans[10].overlap == 1);
  const auto of_own_tokens =
      case_from_json(R"({"mode": "decode", "seq_lens": [8], "compress_ratios": [{"ratio": 4, "overlap": false}]})");
  CHECK(of_own_tokens.plans[4].overlap == 0);
  const auto prefill = case_from_json(
      R"({"mode": "extend", "seq_lens": [8], "extend_seq_lens": [8], "page_size": 64, "compress_ratios": [{"ratio": 4, "ragged_align": 16}]})");
  REQUIRE(prefill.plans.size() == 8);
  CHECK(prefill.plans[6].kind == NSAMETA_PLAN_RAGGED_ROWS);
  CHECK(prefill.plans[6].ragged_align == 16);
  CHECK(prefill.plans[7].kind == NSAMETA_PLAN_RAGGED_BLOCKS);
  CHECK(prefill.plans[7].block == 16);
  CHECK(error_with(R"("compress_ratios": 4)") == "compress_ratios: 4 is not an array");
  CHECK(error_with(R"("compress_ratios": [4])") == "compress_ratios[0]: 4 is not an object");
  CHECK(error_with(R"("compress_ratios": [{}])") == "compress_ratios[0].ratio: the key is missing");
  CHECK(error_with(R"("compress_ratios": [{"ratio": 0}])") == "compress_ratios[0].ratio: 0 is outside 1 to 65536");
  CHECK(
      error_with(R"("compress_ratios": [{"ratio": 128}])") ==
      "compress_ratios[0].block_size: the key is missing, and page_size, which is 64, has no room for an entry of 128 "
      "tokens");
  CHECK(error_with(R"("compress_ratios": [{"ratio": 4}, {"ratio": 4}])") ==
        "compress_ratios[1].ratio: 4 is that of compress_ratios[0] too");
  CHECK(error_with(R"("compress_ratios": [{"ratio": 4, "top_k": 1}])") ==
        "compress_ratios[0]: unknown key \"top_k\"; did you mean \"topk\"?");
  CHECK(error_with(R"("compress_ratios": [], "plan": "flashmla")") == "compress_ratios: does not go with plan");
  CHECK(error_with(R"("compress_ratios": [{"ratio": 4}], "plans": {})") == "plans: {} is not an array");
}

TEST_CASE("a sliding window is a plan, in the engines' words") {
  const auto stated = case_from_json(
      R"({"mode": "decode", "seq_lens": [8], "swa_window": 4, "swa_source": "ring", "swa_ring": 6, "swa_order": "oldest", "swa_shape": "block", "index_align": 4})");
  REQUIRE(stated.plans.size() == 1);
  const nsameta_plan& window = stated.plans[0];
  CHECK(window.kind == NSAMETA_PLAN_WINDOW);
  CHECK(window.preset == NSAMETA_WINDOW_OF_RINGS);
  CHECK(window.window == 4);
  CHECK(window.ring == 6);
  CHECK(window.oldest_first == 1);
  CHECK(window.whole_step == 1);
  CHECK(window.index_align == 4);
  CHECK(case_from_json(R"({"mode": "decode", "seq_lens": [8], "swa_window": 4})").plans[0].preset ==
        NSAMETA_WINDOW_OF_SLOTS);
  CHECK(error_with(R"("swa_window": 4, "swa_order": "new")").starts_with("swa_order: \"new\" is no order"));
  CHECK(error_with(R"("swa_order": "newest")").starts_with("unknown key \"swa_order\""));
  CHECK(error_with(R"("swa_window": 4, "plan": "flashmla")") == "swa_window: does not go with plan");
}

TEST_CASE("a case comes back from its own JSON") {
  for (const std::string text :
       {R"({"mode":"decode","seq_lens":[5],"vector_tail":"zero","length_offset":-3,"capacities":{"cache_seqlens":4}})",
        R"({"mode":"decode","seq_lens":[5,2],"live_requests":1,"seq_pad":1,"capacities":{"is_padding":4}})",
        R"({"mode":"target_verify","seq_lens":[5],"uniform_extend_len":2,"pad_rows_to":4,)"
        R"("row_values_from":1,"draft_steps":3})",
        R"({"mode":"extend","seq_lens":[5],"extend_seq_lens":[2],"draft_step":1,"previous":{"draft_step":2}})",
        R"({"mode":"decode","seq_lens":[2],"req_pool_indices":[1],"req_to_token":[[7,8],[9,10]],"table_tail":"value",)"
        R"("table_tail_value":-1,"capacities":{"page_table_1":3,"real_page_table":4},)"
        R"("previous":{"seq_lens":[1,2],"req_pool_indices":[0,1],"page_size":1}})",
        R"({"mode":"extend","seq_lens":[10],"extend_seq_lens":[2],"table_tail":"zero",)"
        R"("previous":{"mode":"decode","seq_lens":[9],"vector_tail":"zero","extend_seq_lens":null}})"})
    CHECK(case_to_json(case_from_json(text)).dump() == text);
}

TEST_CASE("a previous batch takes what it lacks from the problem, and null for none") {
  const case_data stated = case_from_json(
      R"({"mode":"extend","seq_lens":[10,4],"extend_seq_lens":[3,2],"index_topk":8,"vector_tail":"zero",
          "length_offset":1,"previous":{"seq_lens":[7],"extend_seq_lens":null,"uniform_extend_len":5,"length_offset":2}})");
  REQUIRE(stated.previous);
  const auto& [problem, rules, step_vectors, plans] = *stated.previous;
  CHECK(plans.empty());
  CHECK_FALSE(step_vectors);
  CHECK(problem.mode == NSAMETA_EXTEND);
  CHECK(problem.seq_lens.values() == std::vector<std::int64_t>{7});
  CHECK_FALSE(problem.extend_seq_lens.present());
  CHECK(problem.uniform_extend_len == 5);
  CHECK(problem.index_topk == 8);
  CHECK(rules.vector_tail == NSAMETA_TAIL_ZERO);
  CHECK(rules.length_offset == 2);
  CHECK(stated.rules.length_offset == 1);
  CHECK_FALSE(case_from_json(R"({"mode":"decode","seq_lens":[1]})").previous);
}

TEST_CASE("buffers hold both batches, unless their capacities are given") {
  const case_data stated = case_from_json(
      R"({"mode":"decode","seq_lens":[1],"req_pool_indices":[0],"req_to_token":[[1,2,3,4]],"page_size":2,
          "capacities":{"cu_seqlens_k":9,"page_table_1":5},
          "previous":{"seq_lens":[1,2,3],"req_pool_indices":[0,0,0],"page_size":1}})");
  const output_layout layout = layout_of(stated);
  CHECK(layout.vectors[0].capacity == 3);  // cache_seqlens
  CHECK(layout.vectors[1].capacity == 9);  // cu_seqlens_k
  CHECK(layout.tables[0].rows == 5);
  CHECK(layout.tables[1].rows == 3);
  CHECK(layout.tables[1].width == 4);
  CHECK(layout.vectors[7].capacity == 3);  // indexer_ks
}

TEST_CASE("an error of a tail, a capacity, a previous batch or half a pair names the key and the value") {
  CHECK(error_with(R"("vector_tail": "value")") == "vector_tail: \"value\" is no tail; valid are keep or zero");
  CHECK(error_with(R"("table_tail": "one")") == "table_tail: \"one\" is no tail; valid are keep, zero or value");
  CHECK(error_with(R"("table_tail": 1)") == "table_tail: 1 is not a string");
  CHECK(error_with(R"("table_tail_value": 1e3)") == "table_tail_value: 1000.0 is not an integer");
  CHECK(error_with(R"("length_offset": "far")") == "length_offset: \"far\" is not an integer");
  CHECK(error_with(R"("capacities": [3])") == "capacities: [3] is not an object");
  CHECK(error_with(R"("capacities": {"cache_seqlens": -1})") ==
        "capacities.cache_seqlens: -1 is outside 0 to 9223372036854775807");
  CHECK(error_with(R"("capacities": {"cache_seqlen": 1})") ==
        "capacities: unknown key \"cache_seqlen\"; did you mean \"cache_seqlens\"?");
  CHECK(error_with(R"("capacities": {"page_table_1": 7})") ==
        "capacities.page_table_1: 7, but the problem has no such output");
  CHECK(error_with(R"("capacities": {"status": 1, "status": 1})") == "\"status\": the key is given twice");
  CHECK(error_with(R"("previous": [1])") == "previous: [1] is not an object");
  CHECK(error_with(R"("previous": {"page_size": "big"})") == "previous: page_size: \"big\" is not an integer");
  CHECK(error_with(R"("previous": {"seq_lens": [1], "extend_seq_lens": [1, 2]})") ==
        "previous: extend_seq_lens: 2 values, but seq_lens has 1");
  CHECK(error_with(R"("previous": {"mode": null})") == "previous: mode: the key is missing");
  for (const std::string key : {"previous", "capacities"})
    CHECK(error_with(R"("previous": {")" + key + R"(": {}})") == "previous." + key + ": only the last batch has it");
  CHECK(error_with(R"("req_pool_indices": [0, 1])") ==
        "req_to_token: the key is missing, but req_pool_indices is given");
  CHECK(error_with(R"("req_to_token": [[0, 1]])") == "req_pool_indices: the key is missing, but req_to_token is given");
}

TEST_CASE("text nested without end is refused, not followed") {
  const std::string open(200'000, '['), close(200'000, ']');
  for (const std::string& value : {open + close, open})
    CHECK(error_of(R"({"mode": )" + value + "}") == "brackets within brackets, more than 16 deep");
}

TEST_CASE("text that is no JSON is told where, in one line") {
  const std::string error = error_of(R"({"mode": decode})");
  CHECK(error.starts_with("not JSON: parse error at line 1, column 10"));
  CHECK(error.find('\n') == std::string::npos);
}

TEST_CASE("an answer shows what is live and nothing else") {
  const case_data stated = case_from_json(
      R"({"mode": "decode", "seq_lens": [3, 1], "req_pool_indices": [0, 1], "req_to_token": [[1, 2, 3, 4], [5, 6, 7, 8]],
          "page_size": 2})");
  output_layout layout;
  layout.vectors[0] = {true, 5, NSAMETA_INT32, 0};   // cache_seqlens
  layout.vectors[10] = {true, 1, NSAMETA_INT32, 0};  // total_rows
  layout.vectors[11] = {true, 1, NSAMETA_INT32, 0};  // status
  layout.tables[0] = {true, 2, 4, 4, 0};
  layout.tables[1] = {true, 2, 2, 3, 0};
  output_buffers outputs(place_of("cpu"), layout);
  const nsameta_outputs& view = outputs.view();
  const auto set = [](void* data, std::vector<std::int32_t> values) {
    std::copy(values.begin(), values.end(), static_cast<std::int32_t*>(data));
  };
  set(view.cache_seqlens.data, {3, 1});
  set(view.total_rows.data, {2});
  set(view.status.data, {NSAMETA_BIT_NEGATIVE_LENGTH | NSAMETA_BIT_CU_OVERFLOW});
  set(view.page_table_1.data, {1, 2, 3, -9, 5, -9, -9, -9});
  set(view.real_page_table.data, {0, 1, -9, 2, -9});
  CHECK(answer_to_json(stated, outputs.read_back()).dump() ==
        R"({"cache_seqlens":[3,1],"total_rows":2,"status":["negative_length","cu_overflow"],)"
        R"("page_table_1":[[1,2,3],[5]],"real_page_table":[[0,1],[2]]})");

  set(view.status.data, {0});
  const std::array<bool, 4> marked{false, true, true, true};
  nsameta_outputs with_bytes = outputs.read_back();
  with_bytes.is_padding = {const_cast<bool*>(marked.data()), 4, NSAMETA_BOOL};
  CHECK(answer_to_json(stated, with_bytes)["is_padding"].dump() == "[0,1]");
  CHECK_FALSE(answer_to_json(stated, outputs.read_back()).contains("status"));
}

}  // namespace
}  // namespace nsameta::test
