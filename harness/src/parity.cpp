#include "harness/parity.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "harness/compare.h"
#include "harness/input_buffers.h"
#include "harness/library_error.h"
#include "harness/output_buffers.h"
#include "harness/problem_json.h"
#include "nsameta/device.hpp"

namespace nsameta::harness {
namespace {

/// Fills the sets from a graph that was captured on a stream of its own.
void fill_from_graph(const device_place& place, const auto& fill) {
  const device on(place.backend, place.index);
  const device_stream stream = make_stream(on);
  nsameta_target target = place.target();
  target.stream = stream.get();
  const device_graph graph = capture(stream, [&] { fill(target); });
  launch(graph, stream);
  on.synchronize(stream.get());
}

void fill_on(const std::string& backend, const nsameta_problem& problem, const std::vector<nsameta_outputs>& sets,
             issue how, nsameta_decision* decision) {
  const device_place place = place_of(backend);
  const auto fill = [&](const nsameta_target& target) {
    check(nsameta_fill_many_on(backend.c_str(), &problem, sets.data(), std::ssize(sets), &target, decision));
  };
  if (how == issue::from_graph) return fill_from_graph(place, fill);
  fill(place.target());
  if (!place.on_host()) check(nsameta_device_synchronize(place.backend.c_str(), place.index, nullptr));
}

strided_values without(const strided_values& values, std::int64_t begin, std::int64_t end) {
  if (!values.present()) return values;
  std::vector<std::int64_t> kept = values.values();
  kept.erase(kept.begin() + begin, kept.begin() + end);
  return strided_values(kept, values.dtype(), values.stride());
}

/// One of a case's problems; null when there is none.
using problem_of = problem_data* (*)(generated_case&);

/// Leaves out requests [begin, end). Capacities stay: they were large enough for more.
generated_case without_requests(const generated_case& whole, problem_of which, std::int64_t begin, std::int64_t end) {
  generated_case rest = whole;
  problem_data& problem = *which(rest);
  problem.seq_lens = without(problem.seq_lens, begin, end);
  problem.extend_seq_lens = without(problem.extend_seq_lens, begin, end);
  problem.req_pool_indices = without(problem.req_pool_indices, begin, end);
  problem.topk_lens = without(problem.topk_lens, begin, end);
  problem.extra_topk_lens = without(problem.extra_topk_lens, begin, end);
  problem.num_logits = without(problem.num_logits, begin, end);
  problem.num_rejected = without(problem.num_rejected, begin, end);
  if (token_table& blocks = problem.block_table; blocks.slots > 0) {
    const auto row = blocks.memory.begin() + blocks.first;
    blocks.memory.erase(row + begin * blocks.row_stride, row + end * blocks.row_stride);
    blocks.slots -= end - begin;
  }
  return rest;
}

/// Leaves of req_to_token its first slots and columns.
generated_case with_token_table(const generated_case& whole, std::int64_t slots, std::int64_t width) {
  generated_case rest = whole;
  const token_table& from = whole.problem.req_to_token;
  token_table& to = rest.problem.req_to_token;
  to = {{}, 0, slots, width, width};
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const auto row = from.memory.begin() + from.first + slot * from.row_stride;
    to.memory.insert(to.memory.end(), row, row + width);
  }
  if (rest.previous) rest.previous->req_to_token = to;
  return rest;
}

/// The case that `nsameta fill` makes of the JSON: dense inputs, every output.
generated_case as_fill_runs_it(const case_data& stated) {
  const case_data read = case_from_json(case_to_json(stated).dump());
  generated_case plain;
  plain.problem = read.problem;
  plain.recipe.length_dtype = plain.problem.seq_lens.dtype();
  plain.recipe.vector_tail = read.rules.vector_tail;
  plain.recipe.table_tail = read.rules.table_tail;
  plain.recipe.length_offset = read.rules.length_offset;
  plain.recipe.draft_step = read.rules.draft_step;
  plain.recipe.sets = 1 + read.draft_steps;
  plain.recipe.chain = read.draft_steps > 0;
  plain.recipe.step_vectors = read.step_vectors;
  if (tables_apply(plain.problem)) plain.recipe.tables = table_choice::all;
  plain.layout = layout_of(read);
  if (read.previous) plain.previous = read.previous->problem;
  return plain;
}

/// A layout for every set of the case.
std::vector<output_layout> layouts_of(const generated_case& tested) {
  std::vector<output_layout> layouts(static_cast<std::size_t>(tested.recipe.sets), tested.layout);
  for (std::size_t set = 0; set < layouts.size(); ++set)
    if (tested.recipe.chain)
      layouts[set].draft_step += static_cast<std::int32_t>(set);
    else
      layouts[set].length_offset += static_cast<std::int64_t>(set);
  return layouts;
}

std::optional<std::string> run_and_compare(const generated_case& tested, const std::string& backend, issue how,
                                           nsameta_decision* decision) {
  const device_place place = place_of(backend), host = place_of("reference");
  const std::vector<output_layout> layouts = layouts_of(tested);
  input_buffers inputs(place), expected_inputs(host);
  std::deque<output_buffers> outputs, expected;
  std::vector<nsameta_outputs> sets, expected_sets;
  for (const output_layout& layout : layouts) {
    sets.push_back(outputs.emplace_back(place, layout).view());
    expected_sets.push_back(expected.emplace_back(host, layout).view());
  }
  const auto fill_both = [&](const problem_data& problem, issue how_now, nsameta_decision* decided) {
    inputs.upload(problem);
    expected_inputs.upload(problem);
    fill_on(backend, inputs.view(), sets, how_now, decided);
    const nsameta_target on_host = host.target();
    for (const nsameta_outputs& set : expected_sets)  // one by one
      check(nsameta_fill_on("reference", &expected_inputs.view(), &set, &on_host));
  };
  if (tested.previous) fill_both(*tested.previous, issue::at_once, nullptr);
  fill_both(tested.problem, how, decision);

  for (std::size_t set = 0; set < layouts.size(); ++set) {
    const std::string where = layouts.size() > 1 ? "set " + std::to_string(set) + ": " : "";
    if (const auto found = compare(outputs[set].read_back(), expected[set].read_back()))
      return where + to_string(*found);
    if (const auto damage = outputs[set].damaged_guard()) return where + *damage;
  }
  if (const auto input = inputs.changed()) return "wrote to its input " + *input;
  return std::nullopt;
}

}  // namespace

case_data stated_by(const generated_case& made) {
  const fill_rules& rules = made.layout;
  std::vector<nsameta_plan> plans;
  for (const plan_layout& plan : made.layout.plans) plans.push_back(plan.asked);
  case_data stated{{made.problem, rules, made.recipe.step_vectors, plans}};
  if (made.recipe.chain && rules.draft_step == 0) stated.draft_steps = static_cast<std::int32_t>(made.recipe.sets) - 1;
  if (made.previous) stated.previous = {*made.previous, rules, made.recipe.step_vectors, plans};
  const problem_data batch = stated.batch();
  output_layout exact = exact_layout(batch, live_shape_of(batch));
  if (made.recipe.step_vectors) exact.ask_for_step_vectors(batch);
  // What is as large as its live elements needs no word, unless a layout for both batches makes it larger.
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_layout& vector = made.layout.vectors[i];
    const bool given = vector.wanted && vector_fields[i].size != extent::one;
    const vector_layout& usual = exact.vectors[i];
    if (given && (made.previous || !usual.wanted || vector.capacity != usual.capacity))
      stated.elements[i] = vector.capacity;
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    const table_layout& table = made.layout.tables[i];
    const table_layout& usual = exact.tables[i];
    if (table.wanted && (made.previous || !usual.wanted || table.rows != usual.rows)) stated.rows[i] = table.rows;
  }
  return stated;
}

std::optional<std::string> check_parity(const generated_case& tested, const std::string& backend, issue how,
                                        nsameta_decision* decision) {
  try {
    return run_and_compare(tested, backend, how, decision);
  } catch (const library_error& error) {
    if (error.status() == NSAMETA_BACKEND_UNAVAILABLE) throw;
    return error.what();
  } catch (const error& failed) {  // of a stream or a graph
    return failed.what();
  }
}

generated_case shrink(generated_case failing, const std::string& backend) {
  const auto keep_if_failing = [&](const generated_case& smaller) {
    const bool fails = check_parity(smaller, backend).has_value();
    if (fails) failing = smaller;
    return fails;
  };
  // What its JSON tells, as little of it as will do.
  case_data stated = stated_by(failing);
  const bool plain = keep_if_failing(as_fill_runs_it({{stated.problem, {}, stated.step_vectors, stated.plans}}));
  const std::optional<fill_data> previous = std::exchange(stated.previous, std::nullopt);
  if (!plain && !keep_if_failing(as_fill_runs_it(stated)) && previous) {
    stated.previous = previous;
    keep_if_failing(as_fill_runs_it(stated));
  }
  for (const problem_of which :
       {problem_of([](generated_case& one) { return &one.problem; }),
        problem_of([](generated_case& one) { return one.previous ? &*one.previous : nullptr; })}) {
    if (which(failing) == nullptr) continue;
    for (std::int64_t part = which(failing)->batch_size() / 2; part >= 1;) {
      bool smaller = false;
      for (std::int64_t begin = 0; begin + part <= which(failing)->batch_size() && !smaller; begin += part)
        smaller = keep_if_failing(without_requests(failing, which, begin, begin + part));
      part = smaller ? std::min(part, which(failing)->batch_size() / 2) : part / 2;
    }
  }
  const token_table& table = failing.problem.req_to_token;
  while (table.slots > 1 && keep_if_failing(with_token_table(failing, table.slots / 2, table.width))) {
  }
  while (table.width > 1 && keep_if_failing(with_token_table(failing, table.slots, table.width / 2))) {
  }
  if (plain)
    keep_if_failing(
        as_fill_runs_it({{failing.problem, {}, stated.step_vectors, stated.plans}}));  // in buffers for what is left
  return failing;
}

}  // namespace nsameta::harness
