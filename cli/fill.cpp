/// nsameta fill: problems as JSON in, answers as JSON out.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "backend_choice.h"
#include "commands.h"
#include "decision_json.h"
#include "harness/input_buffers.h"
#include "harness/library_error.h"
#include "harness/output_buffers.h"
#include "harness/problem_json.h"
#include "json_documents.h"
#include "messages.h"
#include "nsameta/device.h"

namespace nsameta::cli {
namespace {

/// Rows and page-table entries that one answer may have: the text of more would not fit in memory.
constexpr std::int64_t most_rows = 1 << 24;
constexpr std::int64_t most_entries = 1 << 26;

nsameta_decision explain(const nsameta_problem& problem, const nsameta_outputs* outputs, const nsameta_target& target,
                         const char* where = "") {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  harness::check(nsameta_explain(&problem, outputs, &target, &decision), where);
  return decision;
}

void refuse_too_much(const harness::problem_data& problem, const harness::live_shape& shape) {
  const bool ragged = problem.extend_seq_lens.present() && problem.uniform_extend_len == 0;
  const std::string maker = std::string(ragged ? "extend_seq_lens" : "uniform_extend_len") + ": " +
                            (ragged ? "its sum" : std::to_string(problem.uniform_extend_len)) + " makes ";
  if (shape.rows > most_rows)
    throw harness::json_error(maker + std::to_string(shape.rows) + " rows, more than the " + std::to_string(most_rows) +
                              " that are printed");
  if (problem.pad_rows_to > most_rows)
    throw harness::json_error("pad_rows_to: " + std::to_string(problem.pad_rows_to) + " rows, more than the " +
                              std::to_string(most_rows) + " that are printed");
  const std::int64_t width = harness::tables_apply(problem) ? problem.req_to_token.width : 0;
  if (shape.table_rows * width > most_entries)
    throw harness::json_error(maker + "page tables of " + std::to_string(shape.table_rows) + " rows of " +
                              std::to_string(width) + " columns, more than the " + std::to_string(most_entries) +
                              " entries that are printed");
}

/// The same of the buffers whose capacities are given.
void refuse_too_much(const harness::case_data& stated, const harness::output_layout& layout) {
  const auto refuse = [](const std::string& field, std::int64_t capacity, const std::string& each, std::int64_t most) {
    throw harness::json_error("capacities." + field + ": " + std::to_string(capacity) + each + ", more than the " +
                              std::to_string(most) + " entries that are printed");
  };
  for (std::size_t i = 0; i < vector_fields.size(); ++i)
    if (stated.elements[i].value_or(0) > most_rows) refuse(vector_fields[i].name, *stated.elements[i], "", most_rows);
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    const auto& [wanted, rows, width, row_stride, misalignment] = layout.tables[i];
    if (wanted && rows > most_entries / std::max<std::int64_t>(width, 1))
      refuse(table_fields[i].name, rows, " rows of " + std::to_string(width) + " columns", most_entries);
  }
}

constexpr const char* in_previous = "previous: ";

harness::json answer(const harness::case_data& stated, const harness::device_place& place, bool with_decision) {
  const harness::problem_data& problem = stated.problem;
  harness::input_buffers inputs(place);
  const nsameta_target target = place.target();
  // The problems are judged before their sizes are believed.
  if (stated.previous) {
    inputs.upload(stated.previous->problem);
    explain(inputs.view(), nullptr, target, in_previous);
    refuse_too_much(stated.previous->problem, live_shape_of(stated.previous->problem));
  }
  inputs.upload(problem);
  explain(inputs.view(), nullptr, target);
  const harness::live_shape shape = live_shape_of(problem);
  refuse_too_much(problem, shape);
  const harness::output_layout layout = layout_of(stated);
  refuse_too_much(stated, layout);

  const std::int64_t entries =  // of a step, which has a row of each request at most
      problem.batch_size() * std::max({problem.req_to_token.width, problem.block_table.width, std::int64_t{1}});
  if (stated.draft_steps > 0 && entries > most_entries / stated.draft_steps)
    throw harness::json_error("draft_steps: " + std::to_string(stated.draft_steps) + " makes more than the " +
                              std::to_string(most_entries) + " entries that are printed");
  harness::output_buffers outputs(place, layout);
  std::deque<harness::output_buffers> drafts;
  std::vector<nsameta_outputs> sets{outputs.view()};
  for (std::int32_t step = 1; step <= stated.draft_steps; ++step)
    sets.push_back(drafts.emplace_back(place, layout_of(stated.draft(step))).view());
  if (stated.previous) {
    inputs.upload(stated.previous->problem);
    const nsameta_outputs view = view_for(*stated.previous, outputs.view());
    harness::check(nsameta_fill(&inputs.view(), &view, &target), in_previous);
    inputs.upload(problem);
  }
  harness::check(nsameta_fill_many(&inputs.view(), sets.data(), std::ssize(sets), &target));
  harness::json result = harness::answer_to_json(stated, outputs.read_back());
  for (std::int32_t step = 1; step <= stated.draft_steps; ++step)
    harness::add_draft_step(
        result, harness::answer_to_json(stated.draft(step), drafts[static_cast<std::size_t>(step - 1)].read_back()));
  if (with_decision) result["decision"] = decision_to_json(explain(inputs.view(), &outputs.view(), target));
  return result;
}

}  // namespace

int run_fill(const fill_options& options) {
  std::ifstream file;
  const bool from_standard_input = options.input == "-";
  if (!from_standard_input) {
    file.open(options.input);
    if (!file) throw usage_error("--input: cannot open " + options.input + ": " + system_reason(errno));
  }
  std::istream& input = from_standard_input ? std::cin : file;
  const harness::device_place place = apply_backend(options.backend);

  int result = success;
  const auto refuse = [&](long line, const std::string& what, int code) {
    complain(options.input + ":" + std::to_string(line) + ": " + what);
    result = std::max(result, code);
  };
  json_documents documents(input);
  std::string document;
  for (long line = errno = 0; documents.next(document, line); errno = 0) {
    try {
      std::cout << json_text(answer(harness::case_from_json(document), place, options.explain), -1) << std::endl;
    } catch (const harness::json_error& error) {
      refuse(line, error.what(), bad_input);
    } catch (const harness::library_error& error) {
      refuse(line, error.what(), exit_code_of(error.status()));
    }
  }
  // Standard input's stream takes an error for the end.
  if (input.bad() || (from_standard_input && std::ferror(stdin) != 0))
    throw usage_error("--input: reading " + (from_standard_input ? "standard input" : options.input) +
                      " failed: " + system_reason(errno != 0 ? errno : EIO));
  return result;
}

}  // namespace nsameta::cli
