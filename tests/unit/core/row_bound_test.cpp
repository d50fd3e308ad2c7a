#include <doctest/doctest.h>

#include <limits>

#include "call.h"
#include "problem.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

std::int64_t bound(const call& made) { return row_bound(made.problem, made.outputs); }

}  // namespace

TEST_CASE("uniform batches bound their rows exactly") {
  const call decode(NSAMETA_DECODE), verify(NSAMETA_TARGET_VERIFY);
  CHECK(bound(decode) == requests);
  CHECK(bound(verify) == requests * 3);
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
  call verify(NSAMETA_TARGET_VERIFY);
  verify.problem.batch_size = std::numeric_limits<std::int64_t>::max() / 2;
  CHECK(bound(verify) == std::numeric_limits<std::int64_t>::max());
}
