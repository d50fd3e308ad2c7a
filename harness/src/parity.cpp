#include "harness/parity.h"

#include <algorithm>
#include <deque>
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

/// Leaves out requests [begin, end). Capacities stay: they were large enough for more.
generated_case without_requests(const generated_case& whole, std::int64_t begin, std::int64_t end) {
  generated_case rest = whole;
  rest.problem.seq_lens = without(whole.problem.seq_lens, begin, end);
  rest.problem.extend_seq_lens = without(whole.problem.extend_seq_lens, begin, end);
  rest.problem.req_pool_indices = without(whole.problem.req_pool_indices, begin, end);
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
  return rest;
}

/// The case that `nsameta fill` makes of the problem's JSON: dense inputs, every output, exact buffers, no offset.
generated_case as_fill_runs_it(const generated_case& whole) {
  generated_case plain;
  plain.problem = problem_from_json(problem_to_json(whole.problem).dump());
  plain.recipe.length_dtype = plain.problem.seq_lens.dtype();
  if (tables_apply(plain.problem)) plain.recipe.tables = table_choice::both;
  plain.layout = exact_layout(plain.problem, live_shape_of(plain.problem));
  return plain;
}

/// A layout for every set of the case.
std::vector<output_layout> layouts_of(const generated_case& tested) {
  std::vector<output_layout> layouts(static_cast<std::size_t>(tested.recipe.sets), tested.layout);
  for (std::size_t set = 0; set < layouts.size(); ++set) layouts[set].length_offset += static_cast<std::int64_t>(set);
  return layouts;
}

std::optional<std::string> run_and_compare(const generated_case& tested, const std::string& backend, issue how,
                                           nsameta_decision* decision) {
  const device_place place = place_of(backend), host = place_of("reference");
  const std::vector<output_layout> layouts = layouts_of(tested);
  input_buffers inputs(place), expected_inputs(host);
  inputs.upload(tested.problem);
  expected_inputs.upload(tested.problem);
  std::deque<output_buffers> outputs;
  std::vector<nsameta_outputs> sets;
  for (const output_layout& layout : layouts) sets.push_back(outputs.emplace_back(place, layout).view());
  fill_on(backend, inputs.view(), sets, how, decision);

  for (std::size_t set = 0; set < layouts.size(); ++set) {
    const std::string where = layouts.size() > 1 ? "set " + std::to_string(set) + ": " : "";
    output_buffers expected(host, layouts[set]);
    const nsameta_target on_host = host.target();
    check(nsameta_fill_on("reference", &expected_inputs.view(), &expected.view(), &on_host));
    if (const auto found = compare(outputs[set].read_back(), expected.read_back())) return where + to_string(*found);
    if (const auto damage = outputs[set].damaged_guard()) return where + *damage;
  }
  if (const auto input = inputs.changed()) return "wrote to its input " + *input;
  return std::nullopt;
}

}  // namespace

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
  keep_if_failing(as_fill_runs_it(failing));  // then its JSON alone tells it
  for (std::int64_t part = failing.problem.batch_size() / 2; part >= 1;) {
    bool smaller = false;
    for (std::int64_t begin = 0; begin + part <= failing.problem.batch_size() && !smaller; begin += part)
      smaller = keep_if_failing(without_requests(failing, begin, begin + part));
    part = smaller ? std::min(part, failing.problem.batch_size() / 2) : part / 2;
  }
  const token_table& table = failing.problem.req_to_token;
  while (table.slots > 1 && keep_if_failing(with_token_table(failing, table.slots / 2, table.width))) {
  }
  while (table.width > 1 && keep_if_failing(with_token_table(failing, table.slots, table.width / 2))) {
  }
  return failing;
}

}  // namespace nsameta::harness
