/// Lengths that stand gigabytes apart.
#include <doctest/doctest.h>

#include "large_call.h"

TEST_SUITE_BEGIN("boundaries");

namespace nsameta::test {

TEST_CASE("stride * index past 2^31 elements and bytes") {
  constexpr std::int64_t far = 1'100'000'001, far_wide = (std::int64_t{1} << 29) + 1;
  large_array<std::int32_t> lengths(2 * far + 1);
  large_array<std::int64_t> queries(2 * far_wide + 1);
  const std::int32_t seq_lens[] = {10, 20, 30};
  for (const std::int64_t r : {0, 1, 2}) {
    lengths.put(r * far, {seq_lens[r]});
    queries.put(r * far_wide, {r + 1});
  }
  const large_array<std::int32_t> cache_seqlens(3), cu_seqlens_q(4), expanded(6);
  call c(NSAMETA_EXTEND);
  c.problem.batch_size = 3;
  c.problem.seq_lens = input(lengths, far);
  c.problem.extend_seq_lens = input(queries, far_wide);
  c.outputs.cache_seqlens = output(cache_seqlens);
  c.outputs.cu_seqlens_q = output(cu_seqlens_q);
  c.outputs.seqlens_expanded = output(expanded);
  CHECK(c.fill() == 0);
  CHECK(cache_seqlens.get(0, 3) == ints{10, 20, 30});
  CHECK(cu_seqlens_q.get(0, 4) == ints{0, 1, 3, 6});
  CHECK(expanded.get(0, 6) == ints{10, 19, 20, 28, 29, 30});
}

}  // namespace nsameta::test

TEST_SUITE_END();
