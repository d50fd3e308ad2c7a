#include <doctest/doctest.h>

#include <limits>

#include "call.h"
#include "problem.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("uniform batches bound their rows exactly") {
  const call decode(NSAMETA_DECODE), verify(NSAMETA_TARGET_VERIFY);
  CHECK(row_bound(decode.problem, decode.outputs) == requests);
  CHECK(row_bound(verify.problem, verify.outputs) == requests * 3);
}

TEST_CASE("ragged batches are bounded by the smallest row output asked for") {
  call ragged(NSAMETA_EXTEND);
  CHECK(row_bound(ragged.problem, ragged.outputs) == 31);  // nsa_cu_* hold one element more than rows
  ragged.outputs.token_to_batch.capacity = 20;
  CHECK(row_bound(ragged.problem, ragged.outputs) == 20);
  ragged.outputs.nsa_cu_seqlens_q.capacity = 0;
  CHECK(row_bound(ragged.problem, ragged.outputs) == 0);
  nsameta_outputs_init(&ragged.outputs);
  CHECK(row_bound(ragged.problem, ragged.outputs) == 0);
}

TEST_CASE("the bound saturates") {
  call verify(NSAMETA_TARGET_VERIFY);
  verify.problem.batch_size = std::numeric_limits<std::int64_t>::max() / 2;
  CHECK(row_bound(verify.problem, verify.outputs) == std::numeric_limits<std::int64_t>::max());
}
