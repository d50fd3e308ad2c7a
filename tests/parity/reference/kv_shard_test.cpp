#include "reference/definitions.h"
#include "running.h"

using namespace nsameta::test;

TEST_CASE("local() counts the positions that (p / I) mod S gives to the rank") {
  for (const int size : {1, 2, 3, 8}) {
    for (const int interleave : {1, 2, 16, 64}) {
      for (int rank = 0; rank < size; ++rank) {
        const nsameta_kv_shard shard{size, rank, interleave};
        CAPTURE(size);
        CAPTURE(interleave);
        CAPTURE(rank);
        std::int64_t counted = 0;
        for (int v = 0; v < 3 * size * interleave; ++v) {
          REQUIRE(nsameta::reference::local(shard, v) == counted);
          if (v / interleave % size == rank) ++counted;
        }
      }
    }
  }
}

TEST_CASE("kv_shard: rows are expanded, then localised") {
  step s{.mode = NSAMETA_EXTEND, .seq_lens = {10}, .extend_seq_lens = {3}, .kv_shard = {2, 0, 1}};
  CHECK(run(s)["seqlens_expanded"] == ints{4, 5, 5});  // not 3 4 5, which expanding the local length would give
  CHECK(run(s)["cache_seqlens"] == ints{5});
  s.kv_shard.rank = 1;
  CHECK(run(s)["seqlens_expanded"] == ints{4, 4, 5});
  CHECK(run(s)["cache_seqlens"] == ints{5});
}

TEST_CASE("kv_shard: rows are localised, then clamped to top-k") {
  const answer got = run({.seq_lens = {12, 7, 3}, .index_topk = 4, .kv_shard = {2, 0, 1}});
  CHECK(got["seqlens_expanded"] == ints{6, 4, 2});
  CHECK(got["nsa_cache_seqlens"] == ints{4, 4, 2});  // clamping first would leave 2 2 2
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 4, 8, 10});
}

TEST_CASE("kv_shard: interleave deals blocks of positions") {
  step s{.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {6}, .uniform_extend_len = 5, .kv_shard = {3, 1, 2}};
  const answer got = run(s);  // the rank holds positions 2 3 8 9
  CHECK(got["seqlens_expanded"] == ints{2, 2, 3, 4, 4});
  CHECK(got["cache_seqlens"] == ints{4});
  CHECK(got["cu_seqlens_k"] == ints{0, 4});
}

TEST_CASE("kv_shard: pools are made of local positions") {
  const answer got = run({.seq_lens = {22}, .index_topk = 4, .index_kpool = 4, .kv_shard = {2, 1, 4}});
  CHECK(got["seqlens_expanded"] == ints{10});  // 4 to 7, 12 to 15, 20 and 21
  CHECK(got["nsa_cache_seqlens"] == ints{6});  // one of the two whole pools, and the 2 of the unfinished one
}
