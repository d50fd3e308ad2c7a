#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuda_check.h"
#include "groups.h"
#include "harness/compare.h"
#include "harness/library_error.h"
#include "harness/random.h"
#include "kernels.h"
#include "plans.h"
#include "separate_plans.h"

namespace nsameta::bench {
namespace {

using harness::generated_case;

constexpr std::int64_t longest = 16000;
constexpr int chain_steps = 5;

/// DeepGEMM's schedule, FlashMLA's tiles and the top-k plan, as an H100 runs them.
std::vector<nsameta_plan> three_plans() {
  return {harness::usual_plan(NSAMETA_PLAN_PAGED_MQA), harness::usual_plan(NSAMETA_PLAN_FLASHMLA),
          harness::usual_plan(NSAMETA_PLAN_TOPK)};
}

/// `log_uniform`: as many requests in each octave, else in each length.
generated_case plans_case(std::int64_t requests, bool log_uniform) {
  harness::random_source random(20231117);
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(requests));
  for (std::int64_t& length : lengths) {
    const std::int64_t drawn = random.between(1, longest);
    length = log_uniform ? std::llround(std::pow(longest, static_cast<double>(drawn) / longest)) : drawn;
  }
  generated_case made;
  made.problem.seq_lens = harness::strided_values(lengths);
  ask_for(made, {});
  made.layout.ask_for_plans(three_plans(), made.problem);
  return made;
}

/// With what else a step needs: the engine's vectors, pages, positions and slots.
generated_case whole_step_case(std::int64_t requests) {
  generated_case made = plans_case(requests, false);
  harness::problem_data& problem = made.problem;
  const std::vector<std::int64_t> slots(static_cast<std::size_t>(requests), 0);
  problem.req_pool_indices = harness::strided_values(slots);
  for (harness::token_table* table : {&problem.req_to_token, &problem.block_table}) {
    table->slots = table == &problem.block_table ? requests : 1;
    table->width = table->row_stride = table == &problem.block_table ? longest / 64 + 1 : longest;
    table->memory.resize(static_cast<std::size_t>(table->slots * table->width), 64);
  }
  std::vector<std::string_view> fields(engine_fields().begin(), engine_fields().end());
  fields.insert(fields.end(), {"positions", "slot_mapping"});
  ask_for(made, fields);
  made.layout.tables[1].wanted = true;
  made.layout.ask_for_plans(three_plans(), problem);
  return made;
}

/// The table of pages or blocks, each request's of its own.
void set_tables(harness::problem_data& problem) {
  const std::int64_t requests = problem.batch_size();
  std::vector<std::int64_t> slots(static_cast<std::size_t>(requests));
  for (std::size_t r = 0; r < slots.size(); ++r) slots[r] = static_cast<std::int64_t>(r);
  problem.req_pool_indices = harness::strided_values(slots);
  for (harness::token_table* table : {&problem.req_to_token, &problem.block_table}) {
    table->slots = requests;
    table->width = table->row_stride = table == &problem.block_table ? longest / 64 + 1 : longest;
    table->memory.resize(static_cast<std::size_t>(table->slots * table->width));
    for (std::size_t i = 0; i < table->memory.size(); ++i) table->memory[i] = static_cast<std::int32_t>(i);
  }
}

/// Lists, and aiter's works, each in a launch of its own.
void measure_others(gpu_session& session, std::int64_t requests) {
  const std::string group = "cuda/node/lists/uniform/bs:" + std::to_string(requests);
  session.attempt(group, [&] {
    generated_case measured = plans_case(requests, false);
    set_tables(measured.problem);
    measured.problem.page_size = 1;
    nsameta_plan blocks = harness::usual_plan(NSAMETA_PLAN_PAGE_LIST), fast = harness::usual_plan(NSAMETA_PLAN_AITER);
    const nsameta_plan tokens = blocks, rows = harness::usual_plan(NSAMETA_PLAN_LOGITS_ROWS);
    blocks.preset = NSAMETA_PAGES_OF_BLOCKS;
    nsameta_plan intra = fast;
    intra.preset = NSAMETA_AITER_INTRA;
    const std::pair<const char*, nsameta_plan> plans[]{{"page_list of blocks", blocks},
                                                       {"page_list of tokens", tokens},
                                                       {"logits_rows", rows},
                                                       {"aiter fast", fast},
                                                       {"aiter intra", intra}};
    std::vector<contestant> contestants{{"floor", launch_empty}};
    std::deque<uploaded_case> alone;
    for (const auto& [name, plan] : plans) {
      measured.layout.plans.clear();
      measured.layout.ask_for_plans({&plan, 1}, measured.problem);
      session.check_answer(measured);
      contestants.push_back(alone.emplace_back(session.place(), measured).as(name));
    }
    session.record(group, measured, session.timer().node_times(contestants));
  });
}

/// The plans of batches that eight ranks share, each in a launch of its own: the caches of a decode, and a prefill of
/// up to 2,048 rows of each request.
void measure_context_parallel(gpu_session& session, std::int64_t requests) {
  constexpr std::int32_t ranks = 8, rank = 3;
  const std::string group = "cuda/node/plans/context_parallel/bs:" + std::to_string(requests);
  session.attempt(group, [&] {
    generated_case decode = plans_case(requests, false), prefill = decode;
    decode.problem.kv_shard = {ranks, rank, 64};
    prefill.problem.mode = NSAMETA_EXTEND;
    harness::random_source random(20231118);
    std::vector<std::int64_t> tokens(static_cast<std::size_t>(requests));
    for (std::size_t r = 0; r < tokens.size(); ++r)
      tokens[r] =
          random.between(1, std::min<std::int64_t>(prefill.problem.seq_lens[static_cast<std::int64_t>(r)], 2048));
    prefill.problem.extend_seq_lens = harness::strided_values(tokens);
    const nsameta_plan lengths = harness::usual_plan(NSAMETA_PLAN_DCP_LOCAL);
    nsameta_plan blocks = harness::usual_plan(NSAMETA_PLAN_ZIGZAG);
    blocks.parts = ranks;
    blocks.rank = rank;
    decode.layout.plans.clear();
    prefill.layout.plans.clear();
    decode.layout.ask_for_plans({&lengths, 1}, decode.problem);
    prefill.layout.ask_for_plans({&blocks, 1}, prefill.problem);
    session.check_answer(decode);
    session.check_answer(prefill);
    const uploaded_case shared_cache(session.place(), decode), shared_rows(session.place(), prefill);
    generated_case lens = decode;
    nsameta_plan columns = harness::usual_plan(NSAMETA_PLAN_CONTEXT_LENS);
    columns.next_n = 4;
    lens.layout.plans.clear();
    lens.layout.ask_for_plans({&columns, 1}, lens.problem);
    session.check_answer(lens);
    const uploaded_case indexer(session.place(), lens);
    session.record(group, prefill,
                   session.timer().node_times({{"floor", launch_empty},
                                               shared_cache.as("dcp_local"),
                                               indexer.as("context_lens"),
                                               shared_rows.as("zigzag")}));
  });
}

/// Five draft steps of a case, and with a `first` of 0 the case before them.
class chain {
 public:
  chain(const harness::device_place& place, const generated_case& measured, int first)
      : target_(place.target()), inputs_(place) {
    inputs_.upload(measured.problem);
    for (int step = first; step <= chain_steps; ++step) {
      harness::output_layout layout = measured.layout;
      layout.draft_step = step;
      sets_.push_back(buffers_.emplace_back(place, layout).view());
    }
  }
  void fill(cudaStream_t stream) const {
    nsameta_target target = target_;
    target.stream = stream;
    harness::check(nsameta_fill_many(&inputs_.view(), sets_.data(), std::ssize(sets_), &target));
  }

 private:
  nsameta_target target_;
  harness::input_buffers inputs_;
  std::deque<harness::output_buffers> buffers_;
  std::vector<nsameta_outputs> sets_;
};

/// What is verified and then drafted: five vectors of a batch of four rows a request, with and without the indexer's
/// lengths beside them; the same with five draft steps, and these alone.
void measure_drafts(gpu_session& session, std::int64_t requests) {
  const std::string group = "cuda/node/plans/drafts/bs:" + std::to_string(requests);
  session.attempt(group, [&] {
    generated_case batch = plans_case(requests, false);
    batch.problem.mode = NSAMETA_TARGET_VERIFY;
    batch.problem.uniform_extend_len = 4;
    ask_for(batch, {engine_fields().begin(), engine_fields().end()});
    generated_case with_lengths = batch;
    nsameta_plan columns = harness::usual_plan(NSAMETA_PLAN_CONTEXT_LENS);
    columns.next_n = 4;
    with_lengths.layout.ask_for_plans({&columns, 1}, batch.problem);
    session.check_answer(batch);
    session.check_answer(with_lengths);
    const uploaded_case alone(session.place(), batch), beside(session.place(), with_lengths);
    const chain all(session.place(), batch, 0), drafts(session.place(), batch, 1);
    session.record(group, batch,
                   session.timer().node_times({{"floor", launch_empty},
                                               alone.as("batch"),
                                               beside.as("batch with context_lens"),
                                               {"batch and drafts", [&](cudaStream_t s) { all.fill(s); }},
                                               {"drafts", [&](cudaStream_t s) { drafts.fill(s); }}}));
  });
}

/// The plans of a case, each by a launch of its own.
class separate_plans {
 public:
  separate_plans(gpu_session& session, const generated_case& measured)
      : filled_(session.place(), measured), requests_(static_cast<int>(measured.problem.batch_size())) {
    uploaded_case expected(session.place(), measured);
    const cudaStream_t stream = session.timer().stream();
    expected.fill(stream);
    launch(stream);
    check_cuda(cudaStreamSynchronize(stream));
    if (const auto wrong = harness::compare(filled_.buffers().read_back(), expected.buffers().read_back()))
      throw std::runtime_error("separate plans: " + harness::to_string(*wrong));
  }

  void launch(cudaStream_t stream) const {
    const auto* const lengths = static_cast<const std::int32_t*>(filled_.problem().seq_lens.data);
    for (std::int64_t i = 0; i < filled_.outputs().plan_count; ++i)
      launch_separately(filled_.outputs().plans[i], lengths, requests_, stream);
  }

 private:
  uploaded_case filled_;
  int requests_;
};

}  // namespace

void measure_plans(gpu_session& session) {
  for (const std::int64_t requests : {1, 32, 128, 512}) measure_others(session, requests);
  for (const std::int64_t requests : {1, 32, 128, 512, 2048}) {
    measure_context_parallel(session, requests);
    measure_drafts(session, requests);
  }
  for (const bool log_uniform : {false, true})
    for (const std::int64_t requests : {1, 32, 128, 512, 2048}) {
      const std::string group = std::string("cuda/node/plans/") + (log_uniform ? "log_uniform" : "uniform") +
                                "/bs:" + std::to_string(requests);
      session.attempt(group, [&] {
        const generated_case measured = plans_case(requests, log_uniform);
        session.check_answer(measured);
        const uploaded_case filled(session.place(), measured);
        std::vector<contestant> contestants{{"floor", launch_empty}, filled.as("plans")};
        const separate_plans separate(session, measured);
        contestants.push_back({"separate", [&](cudaStream_t stream) { separate.launch(stream); }});
        std::deque<uploaded_case> alone;
        for (const harness::plan_layout& plan : measured.layout.plans) {
          generated_case one = measured;
          one.layout.plans = {plan};
          contestants.push_back(alone.emplace_back(session.place(), one).as(plan_kinds[plan.asked.kind].name));
        }
        const generated_case step = whole_step_case(requests);
        session.check_answer(step);
        const uploaded_case whole(session.place(), step);
        const chain steps(session.place(), measured, 1);
        if (!log_uniform) {
          contestants.push_back(whole.as("step"));
          contestants.push_back({"chain", [&](cudaStream_t stream) { steps.fill(stream); }});
        }
        session.record(group, measured, session.timer().node_times(contestants));
      });
    }
}

}  // namespace nsameta::bench
