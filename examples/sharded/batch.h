/// The one batch that all ranks have: a prefill, ragged, with cached prefixes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace sharded {

using ints = std::vector<std::int32_t>;

struct batch {
  ints seq_lens, extend_seq_lens;
  std::size_t rows = 0;
};

inline batch make_batch() {
  batch made;
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    const int length = std::uniform_int_distribution(0, 300)(random);
    made.seq_lens.push_back(length);
    made.extend_seq_lens.push_back(std::uniform_int_distribution(0, length)(random));
    made.rows += made.extend_seq_lens.back();
  }
  return made;
}

inline constexpr int interleave = 4;  ///< KV positions in a row on one rank

}  // namespace sharded
