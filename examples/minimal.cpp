// One decoding step of two requests: what their attention reads, and which kernel wrote it.
#include <iostream>

#include <nsameta/nsameta.hpp>

int main() {
  constexpr int width = 8, page = 4, pages = width / page;
  // The scheduler's: 6 and 3 tokens of KV cache, in the rows 1 and 0 of its table from position to KV slot.
  const std::vector<std::int32_t> seq_lens{6, 3}, rows_of_table{1, 0};
  const std::vector<std::int32_t> req_to_token{28, 29, 30, 0, 0, 0, 0, 0, 20, 21, 22, 23, 8, 9, 0, 0};

  std::vector<std::int32_t> sums(3), clamped(2), page_table(2 * pages);
  nsameta::problem step(NSAMETA_DECODE);
  step.with_seq_lens(seq_lens).with_index_topk(4).with_page_size(page);
  step.with_req_pool_indices(rows_of_table).with_req_to_token(req_to_token, width);
  nsameta::outputs out;
  out.with(&nsameta_outputs::cu_seqlens_k, sums).with(&nsameta_outputs::nsa_cache_seqlens, clamped);
  out.with(&nsameta_outputs::real_page_table, page_table, pages);

  nsameta::fill(step, out).or_throw();

  const nsameta_decision chosen = nsameta::explain(step, out).decision;
  std::cout << "filled by " << chosen.backend << '/' << chosen.variant << '\n';
  std::cout << "KV begins at " << sums[0] << ' ' << sums[1] << ", in all " << sums[2] << '\n';  // 0 6, in all 9
  std::cout << "top-k takes " << clamped[0] << ' ' << clamped[1] << '\n';                      // 4 3
  // A row is written as far as its request has pages; beyond it keeps what it held.
  std::cout << "pages " << page_table[0] << ' ' << page_table[1] << " | " << page_table[2] << '\n';  // 5 2 | 7
}
