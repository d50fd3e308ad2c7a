// What an engine would do: fill from C++, and show what can run.
#include <iostream>

#include <nsameta/nsameta.hpp>

int main() {
  const std::vector<std::int32_t> seq_lens{20, 1, 9}, accepted{3, 6, 0};
  std::vector<std::int32_t> expanded(16), rows(1);
  nsameta::problem step(NSAMETA_DRAFT_EXTEND);
  step.with_seq_lens(seq_lens).with_extend_seq_lens(accepted).with_index_topk(2048);
  nsameta::outputs out;
  out.with(&nsameta_outputs::seqlens_expanded, expanded).with(&nsameta_outputs::total_rows, rows);
  nsameta::fill(step, out).or_throw();

  for (const nsameta_backend_info& backend : nsameta::backends())
    std::cout << backend.name << ": " << (backend.state == NSAMETA_BACKEND_READY ? "ready" : backend.reason) << '\n';
  std::cout << "version " << NSAMETA_VERSION_MAJOR << '.' << NSAMETA_VERSION_MINOR << '\n';
  std::cout << "rows:";
  for (int i = 0; i < rows[0]; ++i) std::cout << ' ' << expanded[i];
  std::cout << '\n';
}
