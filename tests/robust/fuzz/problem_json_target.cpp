/// Any text as what `nsameta fill` reads: a sentence, or an answer.
#include <sstream>

#include "fuzz.h"
#include "harness/output_buffers.h"
#include "harness/problem_json.h"
#include "json_documents.h"

namespace nsameta::test {
namespace {

constexpr nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};

void solve(const harness::problem_data& problem) {
  const nsameta_problem view = problem.view();
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  const nsameta_status judged = nsameta_explain(&view, nullptr, &host, &decision);
  require_sound(judged, "explain");
  if (judged != NSAMETA_OK) return;
  const harness::live_shape shape = live_shape_of(problem);
  if (shape.rows > 2000 || shape.table_rows * problem.req_to_token.width > 20000) return;
  harness::output_buffers outputs(harness::place_of("cpu"), exact_layout(problem, shape), harness::pages_in_turn());
  const nsameta_status filled = nsameta_fill(&view, &outputs.view(), &host);
  require_sound(filled, "fill");
  if (filled != NSAMETA_OK) return;
  require(!answer_to_json(problem, outputs.read_back()).dump().empty(), "an empty answer");
  require(!outputs.damaged_guard(), "a damaged guard");
}

void read(const std::string& text) {
  harness::problem_data problem;
  try {
    problem = harness::problem_from_json(text);
  } catch (const harness::json_error& error) {
    require(*error.what() != 0, "an error without a sentence");
    return;
  }
  const std::string written = problem_to_json(problem).dump();
  require(problem_to_json(harness::problem_from_json(written)).dump() == written, "what is written reads otherwise");
  solve(problem);
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
