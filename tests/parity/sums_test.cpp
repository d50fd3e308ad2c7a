/// Prefix sums across 2^31: exact in int64, saturated and said to be in int32.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "large_call.h"

TEST_SUITE_BEGIN("boundaries");

namespace nsameta::test {
namespace {

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

/// Checks that element i of a sum is i * step, as far as its type holds it.
template <class T>
bool is_multiples(const large_array<T>& sums, std::int64_t step) {
  const std::vector<T> all = sums.get(0, sums.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] != std::min<std::int64_t>(static_cast<std::int64_t>(i) * step, std::numeric_limits<T>::max()))
      return false;
  return true;
}

/// One request of `rows` rows that all see more than K = 2,048 positions.
template <class T>
void check_rows_sum(std::int64_t rows, std::int32_t expected_status, nsameta_kv_shard shard = {1, 0, 1}) {
  const large_array<std::int64_t> seq_lens{rows + 20000}, queries{rows};
  const large_array<T> sums(rows + 1);
  call c(NSAMETA_EXTEND);
  c.problem.batch_size = 1;
  c.problem.seq_lens = input(seq_lens);
  c.problem.extend_seq_lens = input(queries);
  c.problem.kv_shard = shard;
  c.outputs.nsa_cu_seqlens_k = output(sums);
  CHECK(c.fill() == expected_status);
  CHECK(is_multiples(sums, 2048));
}

/// `requests` requests of 131,072 positions.
template <class T>
void check_requests_sum(std::int64_t requests, std::int32_t expected_status) {
  const large_array<std::int32_t> seq_lens(ints(static_cast<std::size_t>(requests), 131072));
  const large_array<T> sums(requests + 1);
  call c(NSAMETA_DECODE);
  c.problem.batch_size = requests;
  c.problem.seq_lens = input(seq_lens);
  c.outputs.cu_seqlens_k = output(sums);
  CHECK(c.fill() == expected_status);
  CHECK(is_multiples(sums, 131072));
}

}  // namespace

TEST_CASE("T * K around 2^31") {
  constexpr std::int64_t edge = 1 << 20;
  check_rows_sum<std::int32_t>(edge - 1, 0);
  check_rows_sum<std::int32_t>(edge, NSAMETA_BIT_CU_OVERFLOW);
  check_rows_sum<std::int32_t>(edge + 100, NSAMETA_BIT_CU_OVERFLOW);
  check_rows_sum<std::int64_t>(edge + 100, 0);
  check_rows_sum<std::int64_t>(edge + 100, 0, {4, 2, 16});
}

TEST_CASE("cu_seqlens_k around 16,384 requests of 131,072 positions") {
  check_requests_sum<std::int32_t>(16383, 0);
  check_requests_sum<std::int32_t>(16384, NSAMETA_BIT_CU_OVERFLOW);
  check_requests_sum<std::int32_t>(20000, NSAMETA_BIT_CU_OVERFLOW);
  check_requests_sum<std::int64_t>(20000, 0);
}

TEST_CASE("the last sum that int32 holds, and the first that it does not") {
  for (const std::int32_t last : {0, 1}) {
    const large_array<std::int32_t> seq_lens{1 << 30, (1 << 30) - 1, last}, sums(4);
    call c(NSAMETA_DECODE);
    c.problem.batch_size = 3;
    c.problem.seq_lens = input(seq_lens);
    c.outputs.cu_seqlens_k = output(sums);
    CHECK(c.fill() == (last == 0 ? 0 : NSAMETA_BIT_CU_OVERFLOW));
    CHECK(sums.get(1, 3) == ints{1 << 30, int32_max, int32_max});
  }
}

TEST_CASE("indexer_ks and indexer_ke past 2^31") {
  const large_array<std::int32_t> seq_lens(ints(16386, 131072)), starts(16386), ends(16386);
  call c(NSAMETA_EXTEND);
  c.problem.batch_size = 16386;
  c.problem.seq_lens = input(seq_lens);
  c.problem.uniform_extend_len = 1;
  c.outputs.indexer_ks = output(starts);
  c.outputs.indexer_ke = output(ends);
  CHECK(c.fill() == NSAMETA_BIT_CU_OVERFLOW);
  CHECK(starts.get(16382, 4) == ints{16382 * 131072, 16383 * 131072, int32_max, int32_max});
  CHECK(ends.get(16381, 3) == ints{16382 * 131072, 16383 * 131072, int32_max});
}

TEST_CASE("rows past 2^31 before a request that no buffer reaches raise no overflow") {
  const large_array<std::int32_t> seq_lens{5, int32_max, int32_max, 5}, queries{1, int32_max, int32_max, 1};
  for (const std::int64_t capacity : {2, 3, 4}) {
    const large_array<std::int32_t> sums(capacity);
    call c(NSAMETA_DRAFT_EXTEND);
    c.problem.batch_size = 4;
    c.problem.seq_lens = input(seq_lens);
    c.problem.extend_seq_lens = input(queries);
    c.outputs.nsa_cu_seqlens_k = output(sums);
    CHECK(c.fill() == NSAMETA_BIT_CAPACITY_EXCEEDED);
  }
}

TEST_CASE("more rows than int32 counts, of which the buffers take the first few") {
  const large_array<std::int64_t> queries{int32_max, int32_max, int32_max}, cu_seqlens_q(4), sums(65);
  const large_array<std::int32_t> expanded(64), request(64), total_rows(1);
  call c(NSAMETA_DRAFT_EXTEND);
  c.problem.batch_size = 3;
  c.problem.seq_lens = input(queries);
  c.problem.extend_seq_lens = input(queries);
  c.outputs.cu_seqlens_q = output(cu_seqlens_q);
  c.outputs.nsa_cu_seqlens_k = output(sums);
  c.outputs.seqlens_expanded = output(expanded);
  c.outputs.token_to_batch = output(request);
  c.outputs.total_rows = output(total_rows);
  CHECK(c.fill() == (NSAMETA_BIT_CAPACITY_EXCEEDED | NSAMETA_BIT_CU_OVERFLOW));
  CHECK(cu_seqlens_q.get(0, 4) == longs{0, int32_max, 2 * int32_max, 3 * int32_max});
  CHECK(total_rows[0] == int32_max);
  CHECK(expanded[63] == 64);
  CHECK(request[63] == 0);
  CHECK(sums[64] == 64 * 65 / 2);
}

}  // namespace nsameta::test

TEST_SUITE_END();
