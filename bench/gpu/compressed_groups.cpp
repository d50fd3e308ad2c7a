/// DeepSeek V4's caches: entries of 4 and of 128 tokens, a sliding window of 128, pages of 256.
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuda_check.h"
#include "groups.h"
#include "harness/compare.h"
#include "kernels.h"
#include "plans.h"
#include "separate_caches.h"

namespace nsameta::bench {
namespace {

using harness::generated_case;

/// KV slots of the pool. Fewer than requests of 62,000 tokens have, to be little to upload.
constexpr std::int64_t kv_slots = std::int64_t{1} << 20;
constexpr std::int32_t page = 256;

/// A verify of 4 rows, or a decode, of requests of one length, with tables.
generated_case step_case(std::int64_t requests, std::int64_t context, bool verifies) {
  generated_case made;
  harness::problem_data& problem = made.problem;
  problem.page_size = page;
  problem.mode = verifies ? NSAMETA_TARGET_VERIFY : NSAMETA_DECODE;
  problem.uniform_extend_len = verifies ? 4 : 0;
  std::vector<std::int64_t> slots(static_cast<std::size_t>(requests)), window(kv_slots);
  for (std::size_t r = 0; r < slots.size(); ++r) slots[r] = static_cast<std::int64_t>(r);
  for (std::size_t i = 0; i < window.size(); ++i) window[i] = static_cast<std::int64_t>(i / 8);
  problem.seq_lens = harness::strided_values(std::vector<std::int64_t>(slots.size(), context));
  problem.req_pool_indices = harness::strided_values(slots);
  problem.full_to_swa = harness::strided_values(window);
  harness::token_table& table = problem.req_to_token;
  table.slots = requests;
  table.width = table.row_stride = context + 8;
  table.memory.resize(static_cast<std::size_t>(table.slots * table.width));
  for (std::size_t i = 0; i < table.memory.size(); ++i) table.memory[i] = static_cast<std::int32_t>(i % kv_slots);
  ask_for(made, {engine_fields().begin(), engine_fields().end()});
  return made;
}

nsameta_plan plan_of(nsameta_plan_kind kind, std::int32_t ratio, std::int64_t width) {
  nsameta_plan plan = harness::usual_plan(kind);
  if (ratio > 0) plan.ratio = ratio;
  if (has(row_of(kind), &nsameta_plan::block)) plan.block = page / ratio;
  if (kind == NSAMETA_PLAN_COMPRESSED_INDICES) plan.columns = static_cast<std::int32_t>(width / ratio);
  if (kind == NSAMETA_PLAN_COMPRESSED_BLOCKS) {
    plan.columns = static_cast<std::int32_t>(width / page);
    plan.preset = NSAMETA_BLOCKS_OF_ROWS;
  }
  if (kind == NSAMETA_PLAN_WINDOW) plan.columns = plan.window;
  return plan;
}

/// What each row sees and writes of both caches, the entries of requests, and what is made of the step's tokens.
std::vector<nsameta_plan> lengths() {
  std::vector<nsameta_plan> plans;
  for (const std::int32_t ratio : {4, 128})
    for (const nsameta_plan_kind kind : {NSAMETA_PLAN_COMPRESSED_ROWS, NSAMETA_PLAN_COMPRESSED_REQUESTS,
                                         NSAMETA_PLAN_COMPRESSED_EVENTS, NSAMETA_PLAN_COMPRESSED_CARRIES})
      plans.push_back(plan_of(kind, ratio, 0));
  return plans;
}
/// The entries of 128 tokens that are attended, and the pages of those of 4, in tables for `width` tokens.
std::vector<nsameta_plan> tables(std::int64_t width) {
  return {plan_of(NSAMETA_PLAN_COMPRESSED_INDICES, 128, width), plan_of(NSAMETA_PLAN_COMPRESSED_BLOCKS, 4, width)};
}

/// Where raw tokens wait, those of overlapping entries of 4 and of entries of 128, in the window's pages. Verified
/// tokens may be rejected, which takes twice the slots.
std::vector<nsameta_plan> state(bool verifies) {
  std::vector<nsameta_plan> plans;
  for (const std::int32_t ratio : {4, 128})
    for (const nsameta_plan_kind kind :
         {NSAMETA_PLAN_STATE_DECODE, NSAMETA_PLAN_STATE_COMPRESS, NSAMETA_PLAN_STATE_WRITE}) {
      if (verifies == (kind == NSAMETA_PLAN_STATE_DECODE)) continue;
      nsameta_plan& plan = plans.emplace_back(plan_of(kind, ratio, 0));
      plan.preset = NSAMETA_STATE_OF_WINDOW;
      plan.page_size = page;
      plan.ring = (ratio == 4 ? 8 : 128) * (verifies ? 2 : 1);
      plan.overlap = ratio == 4 ? 1 : 0;
    }
  return plans;
}

/// A case as engines fill it, a kernel for each function.
class separate_caches {
 public:
  separate_caches(gpu_session& session, const generated_case& measured) : filled_(session.place(), measured) {
    uploaded_case expected(session.place(), measured);
    const cudaStream_t stream = session.timer().stream();
    expected.fill(stream);
    launch(stream);
    check_cuda(cudaStreamSynchronize(stream));
    if (const auto wrong = harness::compare(filled_.buffers().read_back(), expected.buffers().read_back()))
      throw std::runtime_error("separate caches: " + harness::to_string(*wrong));
  }

  void launch(cudaStream_t stream) const { launch_caches_separately(filled_.problem(), filled_.outputs(), stream); }

 private:
  uploaded_case filled_;
};

void measure(gpu_session& session, std::int64_t requests, std::int64_t context, bool verifies) {
  const std::string group = std::string("cuda/node/v4/") + (verifies ? "verify" : "decode") +
                            "/context:" + std::to_string(context) + "/bs:" + std::to_string(requests);
  session.attempt(group, [&] {
    const generated_case step = step_case(requests, context, verifies);
    generated_case bare = step;
    ask_for(bare, {});
    using plan_lists = std::initializer_list<std::vector<nsameta_plan>>;
    const auto made_with = [&](const generated_case& base, const plan_lists& lists) {
      generated_case made = base;
      for (const std::vector<nsameta_plan>& plans : lists) made.layout.ask_for_plans(plans, made.problem);
      session.check_answer(made);
      return made;
    };
    const auto with = [&](const generated_case& base, const plan_lists& lists) {
      return uploaded_case(session.place(), made_with(base, lists));
    };
    const std::vector<nsameta_plan> of_rows = lengths(), narrow = tables(context + 8 + page), wide = tables(1'000'000),
                                    of_window{plan_of(NSAMETA_PLAN_WINDOW, 0, 0)}, of_state = state(verifies);
    const generated_case all = made_with(step, {of_rows, narrow, of_window});
    const uploaded_case vectors(session.place(), step), whole(session.place(), all),
        rows = with(bare, {of_rows}), in_tables = with(bare, {narrow}), in_window = with(bare, {of_window}),
        in_state = with(bare, {of_state}), captured_wide = with(step, {of_rows, wide, of_window}),
        with_state = with(step, {of_rows, narrow, of_window, of_state});
    const separate_caches separate(session, all);
    session.record(group, step,
                   session.timer().node_times({{"floor", launch_empty},
                                               vectors.as("vectors"),
                                               rows.as("lengths"),
                                               in_tables.as("tables"),
                                               in_window.as("window"),
                                               in_state.as("state"),
                                               whole.as("whole"),
                                               captured_wide.as("whole, tables of 1,000,000 tokens"),
                                               with_state.as("whole, with the state's plans"),
                                               {"separate", [&](cudaStream_t s) { separate.launch(s); }}}));
  });
}

}  // namespace

void measure_compressed_caches(gpu_session& session) {
  for (const bool verifies : {false, true})
    for (const std::int64_t context : {1000, 62'000})
      for (const std::int64_t requests : {1, 32, 128, 512}) measure(session, requests, context, verifies);
}

}  // namespace nsameta::bench
