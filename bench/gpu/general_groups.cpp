#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "groups.h"
#include "kernels.h"

namespace nsameta::bench {
namespace {

using harness::generated_case;

constexpr std::string_view with_ranges[] = {"cache_seqlens",     "cu_seqlens_k",     "seqlens_expanded",
                                            "nsa_cache_seqlens", "nsa_cu_seqlens_k", "indexer_ks", "indexer_ke"};

/// One thing at a time that the kernels of a step leave to the general ones.
struct general_kind {
  const char* name;
  nsameta_mode mode;
  void (*ask)(harness::problem_data& problem);
  std::span<const std::string_view> fields;
};

const std::vector<general_kind>& kinds() {
  static const std::vector<general_kind> all{
      {"kpool", NSAMETA_DRAFT_EXTEND, [](auto& problem) { problem.index_kpool = 64; }, engine_fields()},
      {"kv_shard", NSAMETA_DRAFT_EXTEND, [](auto& problem) { problem.kv_shard = {8, 3, 64}; }, engine_fields()},
      {"q_shard", NSAMETA_DRAFT_EXTEND, [](auto& problem) { problem.q_shard = {8, 3}; }, engine_fields()},
      {"indexer", NSAMETA_EXTEND, [](auto&) {}, with_ranges},
  };
  return all;
}

}  // namespace

void measure_general(gpu_session& session) {
  const std::vector<std::int64_t> sizes =
      session.options().quick ? std::vector<std::int64_t>{512} : std::vector<std::int64_t>{32, 512, 4096};
  for (const general_kind& kind : kinds())
    for (const std::int64_t requests : sizes) {
      const std::string group = "cuda/node/general/" + std::string(kind.name) + "/bs:" + std::to_string(requests);
      session.attempt(group, [&] {
        generated_case measured = ragged_case(requests, 1, 8);
        measured.problem.mode = kind.mode;
        kind.ask(measured.problem);
        ask_for(measured, kind.fields, false, false);
        session.check_answer(measured);
        const uploaded_case filled(session.place(), measured);
        session.record(group, measured, session.timer().node_times({{"floor", launch_empty}, filled.as("engine")}));
      });
    }
}

}  // namespace nsameta::bench
