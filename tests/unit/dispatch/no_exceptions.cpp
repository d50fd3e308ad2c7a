// Compiled with -fno-exceptions: the C++ layer without its throwing forms.
#include <cstdio>
#include <string>
#include <vector>

#include "nsameta/nsameta.hpp"

int main() {
  const std::vector<std::int32_t> seq_lens{20, 1, 9}, accepted{3, 6, 0};
  std::vector<std::int32_t> rows(9), clamped(9);
  nsameta::problem step(NSAMETA_DRAFT_EXTEND);
  step.with_seq_lens(seq_lens).with_extend_seq_lens(accepted);
  nsameta::outputs out;
  out.with(&nsameta_outputs::seqlens_expanded, rows);
  const bool filled(nsameta::fill(step, out));
  const nsameta::result short_span = nsameta::fill(step.with_extend_seq_lens(std::span(accepted).first(2)), out);
  const bool drafted(nsameta::fill_draft_extend_metadata(accepted, seq_lens, 19, rows, clamped));
  out.with(&nsameta_outputs::page_table_1, rows, 4, 3);  // a row stride below the width
  const nsameta::result bad_table = nsameta::fill(nsameta::problem(NSAMETA_DECODE), out);
  std::printf("%s\n%s\n", short_span.message().c_str(), bad_table.message().c_str());
  return filled && drafted && !short_span && !bad_table && clamped[2] == 19 && !nsameta::backends().empty() ? 0 : 1;
}
