#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "groups.h"
#include "kernels.h"

namespace nsameta::bench {
namespace {

using harness::generated_case;

/// One thing at a time that the kernels of a step leave to the general ones.
struct general_kind {
  const char* name;
  void (*ask)(harness::problem_data& problem);
};

constexpr general_kind kinds[] = {
    {"kpool", [](auto& problem) { problem.index_kpool = 64; }},
    {"kv_shard", [](auto& problem) { problem.kv_shard = {8, 3, 64}; }},
    {"q_shard", [](auto& problem) { problem.q_shard = {8, 3, NSAMETA_Q_SHARD_ROUND_ROBIN}; }},
    {"q_shard_zigzag", [](auto& problem) { problem.q_shard = {8, 3, NSAMETA_Q_SHARD_ZIGZAG}; }},
    {"indexer", [](auto& problem) { problem.mode = NSAMETA_EXTEND; }},
};

/// The engine's fields, and in a prefill the indexer's.
std::vector<std::string_view> fields_for(nsameta_mode mode) {
  std::vector<std::string_view> fields(engine_fields().begin(), engine_fields().end());
  if (mode == NSAMETA_EXTEND) fields.insert(fields.end(), {"indexer_ks", "indexer_ke"});
  return fields;
}

}  // namespace

void measure_general(gpu_session& session) {
  const std::vector<std::int64_t> sizes =
      session.options().quick ? std::vector<std::int64_t>{512} : std::vector<std::int64_t>{32, 512, 4096};
  for (const general_kind& kind : kinds)
    for (const std::int64_t requests : sizes) {
      const std::string group = "cuda/node/general/" + std::string(kind.name) + "/bs:" + std::to_string(requests);
      session.attempt(group, [&] {
        generated_case measured = ragged_case(requests, 1, 8);
        kind.ask(measured.problem);
        ask_for(measured, fields_for(measured.problem.mode));
        session.check_answer(measured);
        const uploaded_case filled(session.place(), measured);
        session.record(group, measured, session.timer().node_times({{"floor", launch_empty}, filled.as("engine")}));
      });
    }
}

}  // namespace nsameta::bench
