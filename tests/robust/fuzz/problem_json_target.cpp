/// Any text as what `nsameta fill` reads: a sentence, or an answer.
#include <sstream>
#include <vector>

#include "fuzz.h"
#include "harness/output_buffers.h"
#include "harness/problem_json.h"
#include "json_documents.h"

namespace nsameta::test {
namespace {

constexpr nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};

bool is_accepted(const nsameta_problem& problem) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  const nsameta_status judged = nsameta_explain(&problem, nullptr, &host, &decision);
  require_sound(judged, "explain");
  return judged == NSAMETA_OK;
}

bool is_small(const harness::problem_data& problem) {
  const harness::live_shape shape = live_shape_of(problem);
  return std::max(shape.rows, problem.pad_rows_to) <= 2000 && shape.table_rows * problem.req_to_token.width <= 20000;
}

bool is_small(const harness::output_layout& layout) {
  for (const harness::vector_layout& vector : layout.vectors)
    if (vector.capacity > 4000) return false;
  for (const harness::table_layout& table : layout.tables)
    if (table.rows > 40000 || table.rows * table.width > 40000) return false;
  return true;
}

void solve(const harness::case_data& stated) {
  std::vector<harness::fill_data> fills;
  if (stated.previous) fills.push_back(*stated.previous);
  fills.push_back(stated);
  for (const harness::fill_data& fill : fills)
    if (!is_accepted(fill.problem.view()) || !is_small(fill.problem)) return;
  const harness::output_layout layout = layout_of(stated);
  if (!is_small(layout)) return;
  harness::output_buffers outputs(harness::place_of("cpu"), layout, harness::pages_in_turn());
  for (const harness::fill_data& fill : fills) {
    const nsameta_problem problem = fill.problem.view();
    const nsameta_outputs view = view_for(fill, outputs.view());
    const nsameta_status filled = nsameta_fill(&problem, &view, &host);
    require_sound(filled, "fill");
    if (filled != NSAMETA_OK) return;
  }
  require(!answer_to_json(stated, outputs.read_back()).dump().empty(), "an empty answer");
  require(!outputs.damaged_guard(), "a damaged guard");
}

void read(const std::string& text) {
  harness::case_data stated;
  try {
    stated = harness::case_from_json(text);
  } catch (const harness::json_error& error) {
    require(*error.what() != 0, "an error without a sentence");
    return;
  }
  const std::string written = case_to_json(stated).dump();
  require(case_to_json(harness::case_from_json(written)).dump() == written, "what is written reads otherwise");
  solve(stated);
}

}  // namespace
}  // namespace nsameta::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
  nsameta::cli::json_documents documents(input);
  std::string document;
  for (long line = 0; documents.next(document, line);) nsameta::test::read(document);
  return 0;
}
