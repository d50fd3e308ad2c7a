#include "replay/step_runner.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "harness/compare.h"
#include "harness/library_error.h"
#include "nsameta/device.h"

namespace nsameta::cli {
namespace {

harness::output_layout layout_for(const runner_options& options) {
  harness::output_layout layout;
  for (std::size_t i = 0; i < vector_fields.size(); ++i)  // but what repeats another without a kv_shard
    layout.vectors[i] = {vector_fields[i].member != &nsameta_outputs::local_cache_seqlens &&
                             (options.plans || !vector_fields[i].step_vector),
                         element_count(vector_fields[i].size, options.max_batch, options.max_rows),
                         vector_fields[i].dtype(false), 0};
  if (options.kv_cache) {
    const std::int64_t width = options.kv_cache->positions, pages = width / options.kv_cache->page_size;
    layout.tables[0] = {true, options.table_rows, width, width, 0};
    layout.tables[1] = {true, options.table_rows, pages, pages, 0};
  }
  if (!options.caches.empty()) {
    std::vector<std::int64_t> tokens(static_cast<std::size_t>(options.max_batch));
    tokens.front() = options.max_rows;
    harness::problem_data largest;
    largest.mode = NSAMETA_EXTEND;
    largest.seq_lens = largest.extend_seq_lens = harness::strided_values(tokens);
    layout.ask_for_plans(options.caches, largest);
  }
  if (options.plans) {
    harness::problem_data largest;
    largest.mode = NSAMETA_TARGET_VERIFY;
    largest.seq_lens = harness::strided_values(std::vector<std::int64_t>(static_cast<std::size_t>(options.max_batch)));
    largest.uniform_extend_len = std::max<std::int64_t>(options.draft_tokens, 1);
    const nsameta_plan plans[]{harness::usual_plan(NSAMETA_PLAN_PAGED_MQA), harness::usual_plan(NSAMETA_PLAN_FLASHMLA),
                               harness::usual_plan(NSAMETA_PLAN_LOGITS_ROWS),
                               harness::usual_plan(NSAMETA_PLAN_TOPK)};  // not every step has it
    layout.ask_for_plans(plans, largest);
  }
  return layout;
}

std::string kernel_name(const nsameta_problem& problem, const nsameta_outputs& outputs, const nsameta_target& target) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  harness::check(nsameta_explain(&problem, &outputs, &target, &decision));
  const std::string device = decision.device != 0 ? ":" + std::to_string(decision.device) : "";
  return decision.backend + device + "/" + decision.variant + (decision.staged != 0 ? " (staged)" : "");
}

std::int64_t count_columns(const harness::live_shape& shape) {
  std::int64_t columns = 0;
  for (const harness::live_request& request : shape.requests)
    columns += (request.table_rows + request.mirror_rows) * request.positions;
  return columns;
}

}  // namespace

step_runner::step_runner(const harness::device_place& place, const runner_options& options)
    : place_(place), target_(place.target()), options_(options), tested_(place, layout_for(options)) {
  if (options.check) reference_.emplace(harness::place_of("reference"), layout_for(options));
  if (options.kv_cache) {
    kv_cache_.emplace(*options.kv_cache);
    tested_table_.emplace(place, *kv_cache_);
  }
  harness::check(nsameta_warmup(&target_));
}

step_result step_runner::run(const engine_step& step) {
  harness::problem_data problem = problem_of(step);
  if (kv_cache_) give_pages(step, problem);
  tested_.inputs.upload(problem);
  nsameta_problem view = tested_.inputs.view();
  if (kv_cache_) view.req_to_token = tested_table_->view(*kv_cache_);
  const nsameta_outputs outputs = harness::applicable_view(tested_.outputs.view(), problem);

  const harness::live_shape shape = harness::live_shape_of(problem);
  step_result result{0, kernel_name(view, outputs, target_), count_columns(shape), std::nullopt};
  result.microseconds = timed_fill(view, outputs);

  const nsameta_outputs answer = harness::applicable_view(tested_.outputs.read_back(shape), problem);
  sum_.add(answer, shape);
  if (reference_) result.difference = compare_with_reference(problem, shape, answer);
  return result;
}

harness::problem_data step_runner::problem_of(const engine_step& step) const {
  harness::problem_data problem;
  problem.mode = step.mode;
  problem.seq_lens = harness::strided_values(step.seq_lens);
  const mode_row& mode = row_of(step.mode);
  if (mode.drafts)  // as many for every request
    problem.uniform_extend_len = options_.draft_tokens;
  else if (mode.takes_ragged)
    problem.extend_seq_lens = harness::strided_values(step.query_lens);
  return problem;
}

void step_runner::give_pages(const engine_step& step, harness::problem_data& problem) {
  for (const std::int64_t request : step.finished) kv_cache_->release(request);
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < step.requests.size(); ++i)
    rows.push_back(kv_cache_->reserve(step.requests[i], step.seq_lens[i] + problem.uniform_extend_len));
  tested_table_->update(*kv_cache_);
  kv_cache_->forget_changes();

  const nsameta_token_table table = kv_cache_->table();
  problem.req_pool_indices = harness::strided_values(rows);
  problem.req_to_token = {{}, 0, table.slots, table.width, table.row_stride};
  problem.page_size = options_.kv_cache->page_size;
}

double step_runner::timed_fill(const nsameta_problem& problem, const nsameta_outputs& outputs) const {
  const auto start = std::chrono::steady_clock::now();
  harness::check(nsameta_fill(&problem, &outputs, &target_));
  if (!place_.on_host()) harness::check(nsameta_device_synchronize(place_.backend.c_str(), place_.index, nullptr));
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

std::optional<std::string> step_runner::compare_with_reference(const harness::problem_data& problem,
                                                               const harness::live_shape& shape,
                                                               const nsameta_outputs& answer) {
  reference_->inputs.upload(problem);
  nsameta_problem view = reference_->inputs.view();
  if (kv_cache_) view.req_to_token = kv_cache_->table();
  const nsameta_outputs outputs = harness::applicable_view(reference_->outputs.view(), problem);
  const nsameta_target host = harness::place_of("reference").target();
  harness::check(nsameta_fill_on("reference", &view, &outputs, &host));
  const auto found = harness::compare_live(answer, outputs, shape);
  if (!found) return std::nullopt;
  return harness::to_string(*found);
}

std::optional<std::string> step_runner::damage() {
  const nsameta_outputs& answer = tested_.outputs.read_back();
  if (const auto guard = tested_.outputs.damaged_guard()) return guard;
  if (const auto input = tested_.inputs.changed()) return "wrote to its input " + *input;
  if (kv_cache_ && !tested_table_->equals(*kv_cache_)) return "wrote to its input req_to_token";
  // Both sides have seen the same steps, so what no step made live must agree as well.
  if (reference_)
    if (const auto found = harness::compare(answer, reference_->outputs.read_back())) return harness::to_string(*found);
  return std::nullopt;
}

}  // namespace nsameta::cli
