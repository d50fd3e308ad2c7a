#include <iostream>

#include <nsameta/nsameta.hpp>

int main() {
  const std::vector<std::int32_t> seq_lens{10, 4};
  std::vector<std::int32_t> sums(3);
  nsameta::problem step(NSAMETA_DECODE);
  step.with_seq_lens(seq_lens);
  nsameta::outputs out;
  out.with(&nsameta_outputs::cu_seqlens_k, sums);
  nsameta::fill(step, out).or_throw();
  std::cout << "sums: " << sums[0] << ' ' << sums[1] << ' ' << sums[2] << '\n';
}
