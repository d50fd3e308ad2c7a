#include <doctest/doctest.h>

#include "call.h"

using namespace nsameta::test;

TEST_CASE("every mode's plain call is accepted") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    check_accepted(mode, [](call&) {});
  }
}

TEST_CASE("an empty batch needs no input") {
  for (const nsameta_mode mode : nsameta::all_modes) {
    check_accepted(mode, [](call& c) {
      c.problem.batch_size = 0;
      c.problem.seq_lens.data = nullptr;
      c.problem.extend_seq_lens.data = nullptr;
    });
  }
}

TEST_CASE("no output at all is accepted") {
  check_accepted(NSAMETA_EXTEND, [](call& c) { nsameta_outputs_init(&c.outputs); });
}

TEST_CASE("what belongs to an absent buffer is not looked at") {
  check_accepted(NSAMETA_DECODE, [](call& c) {
    c.outputs.indexer_ks = {nullptr, -1, static_cast<nsameta_dtype>(9)};
    c.outputs.slot_mapping = c.outputs.out_cache_loc = {nullptr, -1, static_cast<nsameta_dtype>(9)};
    c.outputs.is_padding = c.outputs.tail_slot_mapping = {nullptr, -1, static_cast<nsameta_dtype>(9)};
    c.problem.block_table = {nullptr, -1, INT64_MIN, -2};
    c.outputs.indexer_ke = {};
    c.problem.kv_shard = {3, 1, 2};
    c.problem.req_pool_indices = {nullptr, 0, static_cast<nsameta_dtype>(9)};
    c.problem.req_to_token = {nullptr, -1, -1, -2};
  });
}

TEST_CASE("one query length for all replaces the ragged ones") {
  for (const nsameta_mode mode : {NSAMETA_TARGET_VERIFY, NSAMETA_DRAFT_EXTEND, NSAMETA_EXTEND}) {
    check_accepted(mode, [](call& c) {
      c.problem.extend_seq_lens.data = nullptr;
      c.problem.uniform_extend_len = 2;
    });
  }
}
