#include <doctest/doctest.h>

#include <limits>

#include "call.h"
#include "problem.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

call uniform(nsameta_mode mode, std::int64_t rows_each) {
  call made(mode);
  made.problem.extend_seq_lens.data = nullptr;
  made.problem.uniform_extend_len = rows_each;
  return made;
}

std::int64_t bound(const call& made) { return row_bound(made.problem, made.outputs); }

}  // namespace

TEST_CASE("uniform batches bound their rows exactly") {
  const call decode(NSAMETA_DECODE);
  CHECK(bound(decode) == requests);
  for (const nsameta_mode mode : {NSAMETA_TARGET_VERIFY, NSAMETA_DRAFT_EXTEND, NSAMETA_EXTEND})
    CHECK(bound(uniform(mode, 3)) == requests * 3);
}

TEST_CASE("ragged tokens in rows of one number are as many rows as uniform ones") {
  call padded(NSAMETA_DRAFT_EXTEND);
  padded.problem.uniform_extend_len = 5;
  CHECK(bound(padded) == requests * 5);
}

TEST_CASE("ragged batches are bounded by the smallest row output asked for") {
  call ragged(NSAMETA_EXTEND);
  CHECK(bound(ragged) == 31);  // nsa_cu_* hold one element more than rows
  ragged.outputs.token_to_batch.capacity = 20;
  CHECK(bound(ragged) == 20);
  ragged.outputs.nsa_cu_seqlens_q.capacity = 0;
  CHECK(bound(ragged) == 0);
  nsameta_outputs_init(&ragged.outputs);
  CHECK(bound(ragged) == 0);
}

TEST_CASE("the bound saturates") {
  call verify = uniform(NSAMETA_TARGET_VERIFY, 3);
  verify.problem.batch_size = std::numeric_limits<std::int64_t>::max() / 2;
  CHECK(bound(verify) == std::numeric_limits<std::int64_t>::max());
}
