/// The worked problems of tests/parity, whole.
#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>

#include "modes.h"
#include "running.h"

using namespace nsameta::test;
using nlohmann::json;

namespace {

step parse(const json& problem, const json& expect) {
  step s;
  const std::string mode = problem.at("mode");
  s.mode = std::ranges::find(nsameta::modes, mode, &nsameta::mode_row::name)->mode;
  s.seq_lens = problem.at("seq_lens").get<ints>();
  s.extend_seq_lens = problem.value("extend_seq_lens", ints{});
  s.uniform_extend_len = problem.value("uniform_extend_len", 0);
  s.req_pool_indices = problem.at("req_pool_indices").get<ints>();
  s.req_to_token = problem.at("req_to_token").get<int_rows>();
  s.page_size = problem.value("page_size", s.page_size);
  s.index_topk = problem.value("index_topk", s.index_topk);
  s.index_kpool = problem.value("index_kpool", s.index_kpool);
  const ints kv = problem.value("kv_shard", ints{1, 0, 1});
  s.kv_shard = {static_cast<int>(kv.at(0)), static_cast<int>(kv.at(1)), static_cast<int>(kv.at(2))};
  const ints q = problem.value("q_shard", ints{1, 0});
  s.q_shard = {static_cast<int>(q.at(0)), static_cast<int>(q.at(1)), NSAMETA_Q_SHARD_ROUND_ROBIN};
  s.row_capacity = expect.at("total_rows").get<std::int64_t>() + 3;
  s.table_rows = static_cast<std::int64_t>(expect.at("page_table_1").size());
  s.table_width = static_cast<std::int64_t>(s.req_to_token.at(0).size()) + 2;
  return s;
}

json result(const answer& got, const std::string& name) {
  if (name == "total_rows") return got[name].at(0);
  if (const auto table = got.tables.find(name); table != got.tables.end()) return table->second;
  if (const auto vector = got.vectors.find(name); vector != got.vectors.end()) return vector->second;
  return json::array();  // a table of no rows was not asked for
}

}  // namespace

TEST_CASE("every worked problem, every field") {
  std::ifstream file(NSAMETA_TEST_DATA "/vectors.jsonl");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    CAPTURE(lines);
    const json vector = json::parse(line);
    const json& expect = vector.at("expect");
    const answer got = run(parse(vector.at("problem"), expect));
    for (const auto& [name, value] : expect.items()) {
      CAPTURE(name);
      CHECK(result(got, name) == value);
    }
    const std::int64_t unexpected = got.status() & ~NSAMETA_BIT_CONTEXT_EXCEEDED;  // lengths beyond W are wanted
    CHECK(unexpected == 0);
  }
  CHECK(lines == 48);
}
