/// The C++ layer's way to say all this.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "nsameta/nsameta.hpp"
#include "tested_backend.h"

TEST_SUITE_BEGIN("fan_out");

namespace nsameta::test {
namespace {

using ints = std::vector<std::int32_t>;

/// Host memory will do on every backend but these.
bool needs_device_memory() { return !tested().place.on_host(); }

/// Two requests of 3 and 5 positions, in slots 2 and 0 of a table of 6 columns, 8 apart.
struct small_step {
  ints lengths{3, 5}, slots{2, 0}, tokens = ints(3 * 8 - 2);
  problem what{NSAMETA_DECODE};

  small_step() {
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<std::int32_t>(i);
    what.with_seq_lens(std::span<const std::int32_t>(lengths)).with_page_size(2);
    what.with_req_pool_indices(std::span<const std::int32_t>(slots)).with_req_to_token(tokens, 6, 8);
  }
};

}  // namespace

TEST_CASE("three draft steps with page tables, in one call") {
  if (needs_device_memory()) return;
  small_step step;
  CHECK(step.what.req_to_token.slots == 3);
  std::array<ints, 3> lengths, full, paged;
  std::vector<outputs> sets(3);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    lengths[i].resize(2);
    full[i].resize(12);
    paged[i].resize(6);
    sets[i].with(&nsameta_outputs::cache_seqlens, lengths[i]).with_length_offset(static_cast<std::int64_t>(i));
    sets[i].with(&nsameta_outputs::page_table_1, full[i], 6).with(&nsameta_outputs::real_page_table, paged[i], 3);
    sets[i].with_table_tail(NSAMETA_TAIL_VALUE, -1);
  }
  fill_many(step.what, sets, target(tested().place.target().kind)).or_throw();
  CHECK(lengths == std::array{ints{3, 5}, ints{4, 6}, ints{5, 7}});
  CHECK(full[0] == ints{16, 17, 18, -1, -1, -1, 0, 1, 2, 3, 4, -1});
  CHECK(full[2] == ints{16, 17, 18, 19, 20, -1, 0, 1, 2, 3, 4, 5});
  CHECK(paged[1] == ints{8, 9, -1, 0, 1, 2});
}

TEST_CASE("a batch and a draft step after it, in one call") {
  if (needs_device_memory()) return;
  small_step step;
  std::array<ints, 2> lengths;
  std::vector<outputs> sets(2);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    lengths[i].resize(2);
    sets[i].with(&nsameta_outputs::cache_seqlens, lengths[i]).with_draft_step(static_cast<std::int32_t>(i));
  }
  fill_many(step.what, sets, target(tested().place.target().kind)).or_throw();
  CHECK(lengths == std::array{ints{3, 5}, ints{4, 6}});
}

TEST_CASE("shards and pools") {
  if (needs_device_memory()) return;
  small_step step;
  step.what.with_index_topk(2).with_index_kpool(2).with_kv_shard(2, 1, 2).with_q_shard(2, 1);
  ints clamped(1), requests(1), kept(2);
  outputs into;
  into.with(&nsameta_outputs::nsa_cache_seqlens, clamped).with(&nsameta_outputs::token_to_batch, requests);
  into.with(&nsameta_outputs::cache_seqlens, kept).with_vector_tail(NSAMETA_TAIL_ZERO);
  const std::array<nsameta_outputs, 1> sets{into};
  fill_many(step.what, sets, target(tested().place.target().kind)).or_throw();
  CHECK(clamped == ints{2});
  CHECK(requests == ints{0});
  CHECK(kept == ints{2, 0});
}

TEST_CASE("a table that cannot be is refused at once") {
  ints memory(10);
  problem what(NSAMETA_DECODE);
  CHECK_THROWS_AS(what.with_req_to_token(memory, 0), std::invalid_argument);
  CHECK_THROWS_AS(what.with_req_to_token(memory, 4, 3), std::invalid_argument);
  outputs into;
  CHECK_THROWS_AS(into.with(&nsameta_outputs::page_table_1, memory, -1), std::invalid_argument);
  CHECK(into.with(&nsameta_outputs::page_table_1, memory, 3, 7).page_table_1.rows == 2);
  CHECK(into.with(&nsameta_outputs::page_table_1, memory, 11).page_table_1.rows == 0);
}

}  // namespace nsameta::test

TEST_SUITE_END();
