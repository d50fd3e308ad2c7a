#include "modes.h"
#include "running.h"

using namespace nsameta::test;

TEST_CASE("an empty batch writes the single 0 of each cu_* array, the total and the status, nothing else") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    const answer got =
        run({.mode = mode, .uniform_extend_len = nsameta::row_of(mode).takes_uniform ? 2 : 0, .table_rows = 2});
    for (const char* name :
         {"cu_seqlens_k", "cu_seqlens_q", "nsa_cu_seqlens_k", "nsa_cu_seqlens_q", "total_rows", "status"}) {
      CAPTURE(name);
      CHECK(got[name] == ints{0});
    }
    for (const char* name : {"cache_seqlens", "seqlens_expanded", "nsa_cache_seqlens", "token_to_batch"}) {
      CAPTURE(name);
      CHECK(got[name].empty());
    }
    CHECK(got.tables.at("page_table_1") == int_rows{{}, {}});
  }
}

TEST_CASE("requests without any token: per-request fields as usual") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {5, 6}, .extend_seq_lens = {0, 0}});
  CHECK(got["cache_seqlens"] == ints{5, 6});
  CHECK(got["cu_seqlens_k"] == ints{0, 5, 11});
  CHECK(got["cu_seqlens_q"] == ints{0, 0, 0});
  CHECK(got["seqlens_expanded"].empty());
  CHECK(got["nsa_cu_seqlens_k"] == ints{0});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0});
  CHECK(got["total_rows"] == ints{0});
  CHECK(got.status() == 0);
}

TEST_CASE("requests without KV") {
  const answer got = run({.seq_lens = {0, 0}});
  CHECK(got["cache_seqlens"] == ints{0, 0});
  CHECK(got["seqlens_expanded"] == ints{0, 0});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 0, 0});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2});
}
