/// Tens of millions of rows anywhere, and on a device with the memory for it as many as int32 counts.
#include <doctest/doctest.h>

#include <algorithm>

#include "harness/random.h"
#include "large_call.h"

TEST_SUITE_BEGIN("boundaries");

namespace nsameta::test {
namespace {

constexpr std::int64_t topk = 2048, offset = 7;  // positions before a request's first row

/// Two requests of `first` and `second` rows, row j of which sees offset + 1 + j positions.
struct two_requests {
  std::int64_t first, second;

  std::int64_t rows() const { return first + second; }
  std::int64_t number(std::int64_t row) const { return row < first ? row : row - first; }
  std::int64_t expanded(std::int64_t row) const { return offset + 1 + number(row); }
  std::int64_t clamped(std::int64_t row) const { return std::min(expanded(row), topk); }
  /// Of all clamped lengths before `row`.
  std::int64_t sum(std::int64_t row) const {
    return row <= first ? sum_within(row) : sum_within(first) + sum_within(row - first);
  }

 private:
  static std::int64_t sum_within(std::int64_t rows) {
    const std::int64_t rising = std::min(rows, topk - offset);
    return rising * (2 * offset + 1 + rising) / 2 + (rows - rising) * topk;
  }
};

/// A thousand rows anywhere, and those around every edge.
longs sampled_rows(const two_requests& of) {
  longs rows{
      0, 1, 2, topk - offset - 1, topk - offset, of.first - 1, of.first, of.first + 1, of.rows() - 2, of.rows() - 1};
  harness::random_source random(1);
  for (int i = 0; i < 1000; ++i) rows.push_back(random.between(0, of.rows() - 1));
  return rows;
}

/// Fills one field alone, in memory for all its rows, and compares samples of it.
template <class T, class Value>
void check_field(const two_requests& of, nsameta_vector nsameta_outputs::* field, std::int64_t elements, Value value) {
  const large_array<std::int64_t> seq_lens{of.first + offset, of.second + offset}, queries{of.first, of.second};
  const large_array<std::int32_t> total_rows(1);
  const large_array<T> filled(elements);
  call c(NSAMETA_EXTEND);
  c.problem.batch_size = 2;
  c.problem.seq_lens = input(seq_lens);
  c.problem.extend_seq_lens = input(queries);
  c.problem.index_topk = topk;
  c.outputs.*field = output(filled);
  c.outputs.total_rows = output(total_rows);
  CHECK(c.fill() == 0);
  CHECK(total_rows[0] == of.rows());
  std::int64_t wrong = 0;
  for (const std::int64_t row : sampled_rows(of)) wrong += filled[row] != value(row);
  CHECK(wrong == 0);
  if (elements > of.rows()) CHECK(filled[of.rows()] == value(of.rows()));
}

void check_rows(const two_requests& of) {
  const std::int64_t rows = of.rows();
  using out = nsameta_outputs;
  check_field<std::int32_t>(of, &out::seqlens_expanded, rows, [&](std::int64_t row) { return of.expanded(row); });
  check_field<std::int32_t>(of, &out::nsa_cache_seqlens, rows, [&](std::int64_t row) { return of.clamped(row); });
  check_field<std::int32_t>(of, &out::token_to_batch, rows, [&](std::int64_t row) { return row < of.first ? 0 : 1; });
  check_field<std::int32_t>(of, &out::nsa_cu_seqlens_q, rows + 1, [](std::int64_t row) { return row; });
  check_field<std::int64_t>(of, &out::nsa_cu_seqlens_k, rows + 1, [&](std::int64_t row) { return of.sum(row); });
}

/// Whether the tested device is a GPU with more memory than this.
bool is_gpu_with(std::int64_t bytes) {
  const harness::device_place& place = tested().place;
  nsameta_device_info info{};
  harness::check(nsameta_device(place.backend.c_str(), place.index, &info));
  return !place.on_host() && info.memory_bytes > bytes;
}

}  // namespace

TEST_CASE("30,000,000 rows (simt: 6,000,000)") {
  check_rows({reduced_on_simt(20'000'000) + 1, reduced_on_simt(10'000'000) - 1});
}

TEST_CASE("2^31 - 1 rows, on a GPU with 24 GB") {
  if (!is_gpu_with(std::int64_t{24} << 30)) return;
  check_rows({std::int64_t{1} << 30, (std::int64_t{1} << 30) - 1});
}

}  // namespace nsameta::test

TEST_SUITE_END();
