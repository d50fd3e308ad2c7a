#include <doctest/doctest.h>

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
    problem_from_json(text);
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
      R"({"mode":"decode","seq_lens":[]})", R"({"mode":"target_verify","seq_lens":[5,9],"uniform_extend_len":4})",
      R"({"mode":"extend","seq_lens":[10,4],"extend_seq_lens":[3,2],"index_topk":8,"q_shard":[4,1]})",
      R"({"mode":"draft_extend","seq_lens":[5000000000,-1],"extend_seq_lens":[1,2],"kv_shard":[2,1,16]})",
      R"({"mode":"decode","seq_lens":[2],"req_pool_indices":[1],"req_to_token":[[7,8],[9,10]],"page_size":2,)"
      R"("index_kpool":4})"};
  for (const std::string& text : problems) {
    const problem_data problem = problem_from_json(text);
    CHECK(json::parse(text) == problem_to_json(problem));
    CHECK(problem_to_json(problem_from_json(problem_to_json(problem).dump())) == problem_to_json(problem));
  }
}

TEST_CASE("every vector's problem comes back from its own JSON") {
  std::ifstream file(NSAMETA_TEST_DATA "/vectors.jsonl");
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    json problem = json::parse(line)["problem"];
    const json back = problem_to_json(problem_from_json(problem.dump()));
    for (const auto& [key, value] : back.items()) CHECK(problem[key] == value);
  }
  CHECK(count == 48);
}

TEST_CASE("absent keys take the defaults") {
  const problem_data problem = problem_from_json(R"({"mode": "decode", "seq_lens": [3]})");
  CHECK(problem.page_size == 64);
  CHECK(problem.index_topk == 2048);
  CHECK(problem.index_kpool == 1);
  CHECK_FALSE(problem.extend_seq_lens.present());
  CHECK(problem.view().extend_seq_lens.data == nullptr);
  CHECK(problem.view().kv_shard.size == 1);
  CHECK(problem.view().q_shard.size == 1);
}

TEST_CASE("lengths are int64 when one of them needs it") {
  CHECK(problem_from_json(R"({"mode":"decode","seq_lens":[2147483647]})").seq_lens.dtype() == NSAMETA_INT32);
  CHECK(problem_from_json(R"({"mode":"decode","seq_lens":[1,2147483648]})").seq_lens.dtype() == NSAMETA_INT64);
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
  CHECK(error_with(R"("extend_lens": [1, 1])") == "unknown key \"extend_lens\"; did you mean \"extend_seq_lens\"?");
  CHECK(error_with(R"("mode": "decode")") == "\"mode\": the key is given twice");
  CHECK(error_of(R"({"mode": "decoed", "seq_lens": []})") == "mode: \"decoed\" is no mode; did you mean \"decode\"?");
  CHECK(error_of(R"({"mode": 3, "seq_lens": []})") == "mode: 3 is not a string");
  CHECK(error_of(R"({"mode": "decode"})") == "seq_lens: the key is missing");
  CHECK(error_of(R"([1, 2])") == "a problem is a JSON object, not [1,2]");
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
  const problem_data problem = problem_from_json(
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
  CHECK(answer_to_json(problem, outputs.read_back()).dump() ==
        R"({"cache_seqlens":[3,1],"total_rows":2,"status":["negative_length","cu_overflow"],)"
        R"("page_table_1":[[1,2,3],[5]],"real_page_table":[[0,1],[2]]})");

  set(view.status.data, {0});
  CHECK_FALSE(answer_to_json(problem, outputs.read_back()).contains("status"));
}

}  // namespace
}  // namespace nsameta::test
