#include <doctest/doctest.h>

#include <fstream>

#include "program.h"

namespace nsameta::test {
namespace {

const std::string example = R"({"mode": "extend", "seq_lens": [10, 4], "extend_seq_lens": [3, 2]})";

/// The line on standard error for one bad problem.
std::string complaint(const std::string& problem) {
  const outcome result = run("fill", problem + "\n");
  CHECK(result.code == 2);
  CHECK(result.out.empty());
  const auto lines = lines_of(result.err);
  REQUIRE(lines.size() == 1);
  return lines[0];
}

bool names(const std::string& line, const std::string& key, const std::string& value) {
  return line.find(key) != std::string::npos && line.find(value) != std::string::npos;
}

TEST_CASE("a problem in, its answer out") {
  const outcome result = run("fill", example);
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  const auto answer = json_of(result);
  CHECK(answer["seqlens_expanded"] == nlohmann::json({8, 9, 10, 3, 4}));
  CHECK(answer["indexer_ks"] == nlohmann::json({0, 0, 0, 10, 10}));
  CHECK(answer["indexer_ke"] == nlohmann::json({8, 9, 10, 13, 14}));
  CHECK(answer["cu_seqlens_q"] == nlohmann::json({0, 3, 5}));
  CHECK(answer["total_rows"] == 5);
  CHECK_FALSE(answer.contains("status"));
  CHECK_FALSE(answer.contains("decision"));
}

TEST_CASE("fields that a problem has not are left out") {
  const auto answer =
      json_of(run("fill", R"({"mode": "draft_extend", "seq_lens": [20, 1, 9], "extend_seq_lens": [3, 6, 0]})"));
  CHECK(answer["seqlens_expanded"] == nlohmann::json({18, 19, 20, 0, 0, 0, 0, 0, 1}));
  CHECK(answer["indexer_ks"] == nlohmann::json({0, 0, 0, 20, 20, 20, 20, 20, 20}));
  CHECK_FALSE(answer.contains("page_table_1"));
  const auto shard = json_of(run("fill", R"({"mode": "decode", "seq_lens": [20], "kv_shard": [2, 0, 1]})"));
  CHECK(shard["seqlens_expanded"] == nlohmann::json({10}));
  CHECK_FALSE(shard.contains("indexer_ks"));
}

TEST_CASE("page tables come with req_to_token, cut to what is live") {
  const auto answer = json_of(run("fill", R"({"mode": "target_verify", "seq_lens": [2, 1, 9, 4],
      "uniform_extend_len": 1, "req_pool_indices": [1, 0, 1, 7], "req_to_token": [[10, 11, 12], [6, 7, -1]],
      "page_size": 2})"));
  CHECK(answer["page_table_1"] == nlohmann::json::parse("[[6, 7, -1], [10, 11], [6, 7, -1], []]"));
  CHECK(answer["real_page_table"] == nlohmann::json::parse("[[3, -1], [5], [3, -1], []]"));
  CHECK(answer["status"] == nlohmann::json({"context_exceeded", "bad_slot"}));
}

TEST_CASE("a rank's table has the rows of its own positions, in pages of any size") {
  const auto answer = json_of(run("fill", R"({"mode": "extend", "seq_lens": [7, 2], "extend_seq_lens": [2, 1],
      "kv_shard": [3, 1, 2], "page_size": 3, "req_pool_indices": [0, 1],
      "req_to_token": [[30, 33, 31, 34, 32, 35, 60, 63], [-1, 9, 7, 4, 0, 0, 0, 0]]})"));
  CHECK(answer["local_cache_seqlens"] == nlohmann::json({2, 0}));
  CHECK(answer["local_page_table_1"] == nlohmann::json::parse("[[10, 11], []]"));  // slots 31 34, of positions 2 3
  CHECK(answer["real_page_table"] == nlohmann::json::parse("[[10, 11, 20], [-1]]"));
}

TEST_CASE("a zigzag's rows are first blocks, then mirrors; so are its table rows, where each row has one") {
  const auto answer = json_of(run("fill", R"({"mode": "draft_extend", "seq_lens": [6, 3], "extend_seq_lens": [5, 2],
      "q_shard": [2, 0, "zigzag"], "req_pool_indices": [1, 0],
      "req_to_token": [[7, 8, 9, 0, 0, 0], [1, 2, 3, 4, 5, 6]]})"));
  // Blocks 2 1 1 1 of tokens that see 2 3 | 4 | 5 | 6, and 1 1 0 0 of those that see 2 | 3.
  CHECK(answer["seqlens_expanded"] == nlohmann::json({2, 3, 2, 6}));
  CHECK(answer["token_to_batch"] == nlohmann::json({0, 0, 1, 0}));
  CHECK(answer["cu_seqlens_q"] == nlohmann::json({0, 3, 4}));
  CHECK(answer["page_table_1"] ==
        nlohmann::json::parse("[[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [7, 8, 9], [1, 2, 3, 4, 5, 6]]"));
}

TEST_CASE("a field whose capacity is given is printed whole, after what an earlier batch left in it") {
  const std::string batches = R"({"mode":"extend","seq_lens":[10],"extend_seq_lens":[2],"index_topk":8,
      "capacities":{"cu_seqlens_q":4,"nsa_cache_seqlens":6},"previous":{"seq_lens":[3,5],"extend_seq_lens":[2,3]})";
  // Before: 2 3 3 4 5 expanded, sums of rows 0 2 5.
  auto answer = json_of(run("fill", batches + "}"));
  CHECK(answer["seqlens_expanded"] == nlohmann::json({9, 10}));
  CHECK(answer["cu_seqlens_q"][1] == 2);
  CHECK(answer["cu_seqlens_q"][2] == 5);
  CHECK(answer["cu_seqlens_q"].size() == 4);
  answer["nsa_cache_seqlens"].erase(5);  // which neither batch wrote
  CHECK(answer["nsa_cache_seqlens"] == nlohmann::json({8, 8, 3, 4, 5}));
  answer = json_of(run("fill", batches + R"(, "vector_tail":"zero"})"));
  CHECK(answer["cu_seqlens_q"] == nlohmann::json({0, 2, 2, 2}));
  CHECK(answer["nsa_cache_seqlens"] == nlohmann::json({8, 8, 0, 0, 0, 0}));
  CHECK(answer["seqlens_expanded"] == nlohmann::json({9, 10}));
}

TEST_CASE("table rows of a given capacity are printed to their width") {
  const auto answer = json_of(run("fill", R"({"mode":"decode","seq_lens":[3,1],"req_pool_indices":[1,0],
      "req_to_token":[[10,11,12,13],[20,21,22,23]],"page_size":2,"table_tail":"value","table_tail_value":-1,
      "capacities":{"real_page_table":2}})"));
  CHECK(answer["real_page_table"] == nlohmann::json::parse("[[10,11],[5,-1]]"));
  CHECK(answer["page_table_1"] == nlohmann::json::parse("[[20,21,22],[10]]"));
}

TEST_CASE("the length offset moves what is live") {
  const auto answer = json_of(run("fill", R"({"mode":"decode","seq_lens":[3,1],"req_pool_indices":[0,0],
      "req_to_token":[[1,2,3,4,5,6]],"length_offset":2})"));
  CHECK(answer["cache_seqlens"] == nlohmann::json({5, 3}));
  CHECK(answer["page_table_1"] == nlohmann::json::parse("[[1,2,3,4,5],[1,2,3]]"));
}

TEST_CASE("an empty batch") {
  const auto answer = json_of(run("fill", R"({"mode": "decode", "seq_lens": []})"));
  CHECK(answer["cu_seqlens_k"] == nlohmann::json({0}));
  CHECK(answer["seqlens_expanded"] == nlohmann::json::array());
  CHECK(answer["total_rows"] == 0);
}

TEST_CASE("what the lengths held is told by name") {
  const auto answer = json_of(run("fill", R"({"mode": "extend", "seq_lens": [-4, 1], "extend_seq_lens": [0, 3]})"));
  CHECK(answer["status"] == nlohmann::json({"negative_length", "query_longer_than_kv"}));
}

TEST_CASE("the vectors' problems come out as written, as JSON lines") {
  std::ifstream file(NSAMETA_TEST_DATA "/vectors.jsonl");
  std::string input;
  std::vector<nlohmann::json> expected;
  for (std::string line; std::getline(file, line);) {
    const auto vector = nlohmann::json::parse(line);
    input += vector["problem"].dump() + "\n";
    expected.push_back(vector["expect"]);
  }
  REQUIRE(expected.size() == 48);
  const temporary_file problems(input);
  const outcome result = run("fill --input " + problems.path());
  CHECK(result.code == 0);
  const auto lines = lines_of(result.out);
  REQUIRE(lines.size() == expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto answer = nlohmann::json::parse(lines[i]);
    for (const auto& [key, value] : expected[i].items()) CHECK_MESSAGE(answer[key] == value, i << " " << key);
  }
}

TEST_CASE("a problem may span lines") {
  const outcome result = run("fill", nlohmann::json::parse(example).dump(2) + "\n\n" + example + "\n");
  CHECK(result.code == 0);
  const auto lines = lines_of(result.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == lines[1]);
}

TEST_CASE("bad input is one line that names the key and the value") {
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1, "two"]})"), "seq_lens[1]", "\"two\""));
  CHECK(names(complaint(R"({"mode": "decode", "seq_len": [1]})"), "\"seq_len\"", "\"seq_lens\""));
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "page_size": 65537})"), "page_size", "65537"));
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "index_topk": 0})"), "index_topk", "0"));
  CHECK(names(complaint(R"({"mode": "target_verify", "seq_lens": [1], "uniform_extend_len": -3})"),
              "uniform_extend_len", "-3"));
  CHECK(names(complaint(R"({"mode": "draft_extend", "seq_lens": [1], "uniform_extend_len": 100000000})"),
              "uniform_extend_len", "100000000"));
  CHECK(names(complaint(R"({"mode": "draft_extend", "seq_lens": [1], "uniform_extend_len": 16000000,
      "req_pool_indices": [0], "req_to_token": [[1, 2, 3, 4, 5]]})"),
              "uniform_extend_len", "5 columns"));
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "previous": {"page_size": 65537}})"),
              "previous: ", "65537"));
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "capacities": {"cache_seqlens": 1000000000000}})"),
              "capacities.cache_seqlens", "1000000000000"));
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "req_pool_indices": [0], "req_to_token": [[1, 2]],
      "capacities": {"page_table_1": 1000000000000}})"),
              "capacities.page_table_1: 1000000000000", "2 columns"));
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "capacities": {"cache_seqlens": 2},
      "previous": {"seq_lens": [1, 2, 3]}})"),
              "previous: ", "cache_seqlens.capacity is 2"));
  CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "req_pool_indices": [0], "req_to_token": []})"),
              "req_to_token", "req_pool_indices"));
  for (const char* constant : {"ratio", "block_size", "index_align"})
    CHECK(names(complaint(R"({"mode": "decode", "seq_lens": [1], "plans": [{"kind": "compressed_indices", ")" +
                          std::string(constant) + R"(": 0}]})"),
                constant, "0, outside [1, 65536]"));
  CHECK(names(complaint("{\"mode\": "), "line", "not JSON"));
}

TEST_CASE("one bad problem does not hide the others") {
  const outcome result = run("fill", example + "\nnonsense\n" + example + "\n");
  CHECK(result.code == 2);
  CHECK(lines_of(result.out).size() == 2);
  CHECK(lines_of(result.err).size() == 1);
  CHECK(result.err.find("-:2: ") != std::string::npos);
}

TEST_CASE("--backend forces, --explain shows it") {
  for (const char* backend : {"reference", "cpu"}) {
    const auto answer = json_of(run(std::string("fill --explain --backend ") + backend, example));
    CHECK(answer["decision"]["backend"] == backend);
    CHECK(answer["decision"]["override"] == backend);
    CHECK(answer["total_rows"] == 5);
  }
  const auto answer = json_of(run("fill --explain", example, "NSAMETA_BACKEND=reference"));
  CHECK(answer["decision"]["backend"] == "reference");
}

TEST_CASE("an override that names nothing exits 2, one that cannot run exits 3") {
  const outcome unknown = run("fill --backend cdua", example);
  CHECK(unknown.code == 2);
  CHECK(names(unknown.err, "cdua", "cuda"));
  if (!is_ready("hip")) {
    const outcome missing = run("fill --backend hip", example);
    CHECK(missing.code == 3);
    CHECK(missing.out.empty());
    CHECK(missing.err.find("hip") != std::string::npos);
    CHECK(run("fill --backend hip,cpu", example).code == 0);
  }
}

TEST_CASE("what cannot be read exits 2 and says why") {
  const outcome missing = run("fill --input /nonexistent/problems.jsonl");
  CHECK(missing.code == 2);
  CHECK(names(missing.err, "--input: cannot open /nonexistent/problems.jsonl", "No such file or directory"));
  const outcome folder = run("fill --input /tmp");
  CHECK(folder.code == 2);
  CHECK(folder.err == "nsameta: --input: reading /tmp failed: Is a directory\n");
  CHECK(run("fill --input ''").code == 2);
}

TEST_CASE("an answer that cannot be written exits 4 and says why") {
  const outcome full = run("fill", example, "", "/dev/full");
  CHECK(full.code == 4);
  CHECK(full.err == "nsameta: writing to standard output failed: No space left on device\n");
  for (const char* arguments :
       {"info", "info --json", "--help", "--version", "fill --help", "replay --steps 2", "replay --steps 2 --json",
        "verify --cases 2 --backends cpu", "verify --cases 2 --backends cpu --json",
        "soak --minutes 0.001 --backends cpu", "soak --minutes 0.001 --backends cpu --json"}) {
    const outcome result = run(arguments, "", "", "/dev/full");
    CHECK_MESSAGE(result.code == 4, arguments);
    CHECK_MESSAGE(names(result.err, "standard output", "No space left on device"), arguments);
  }
}

TEST_CASE("a byte-order mark is passed over") {
  const outcome result = run("fill", "\xef\xbb\xbf" + example + "\n");
  CHECK_MESSAGE(result.code == 0, result.err);
  CHECK(json_of(result)["total_rows"] == 5);
}

TEST_CASE("no message holds what a terminal would obey") {
  const outcome result = run("fill", R"({"mode": "decode", "seq_lens": [1], "\u001b[31m\u0000\u009b": 1})");
  CHECK(result.code == 2);
  CHECK(names(result.err, "unknown key", R"("\u001b[31m\u0000\xc2\x9b"; valid are mode)"));
  const outcome no_file = run("fill --input \"$(printf 'a\\033[2J\\n')b\"");
  CHECK(lines_of(no_file.err).size() == 1);
  CHECK(no_file.err.find('\x1b') == std::string::npos);
  CHECK(run("fill --\"$(printf '\\033')\"").err.find('\x1b') == std::string::npos);
}

TEST_CASE("a folder whose name is no UTF-8 does not hide the answer") {
  const std::string environment = "NSAMETA_PLUGIN_DIR=\"$(printf '/tmp/\\377')\"";
  CHECK(run("fill --explain", example, environment).code == 0);
  CHECK(json_of(run("info --json", "", environment)).contains("backends"));
}

TEST_CASE("a word that is no subcommand is named, with the nearest and all") {
  const outcome slip = run("verfy");
  CHECK(slip.code == 2);
  CHECK(slip.err ==
        "nsameta: \"verfy\" is no subcommand; did you mean \"verify\"? valid are info, fill, replay, soak, "
        "verify or check-plans\n");
  CHECK(run("42").err.find("did you mean") == std::string::npos);
  CHECK(run("--json info").err == "nsameta: \"--json\" does not go before a subcommand\n");
  CHECK(run("").code == 2);
}

}  // namespace
}  // namespace nsameta::test
