/// Vector code writes whole vectors: these tests look at every place where one could reach too far.
#include <doctest/doctest.h>

#include <random>

#include "job.h"

using namespace nsameta::test;
using nsameta::cpu::usable_vector_code;

namespace {

/// Runs a job by every vector code, on lengths of every kind, and compares every element of every buffer.
void check(const sample_lengths& lengths, capacities room, std::int64_t begin, std::int64_t end) {
  for (const nsameta_dtype sums : {NSAMETA_INT32, NSAMETA_INT64}) {
    const answer want = expected(lengths, room, begin, end, sums);
    for (const auto& code : usable_vector_code())
      for (const storage stored : all_storages) {
        CAPTURE(code.name);
        CAPTURE(static_cast<int>(stored));
        CAPTURE(sums);
        CAPTURE(begin);
        CAPTURE(end);
        const answer got = run(code, lengths, room, begin, end, {stored, begin == 0}, sums);
        REQUIRE(got.expanded == want.expanded);
        REQUIRE(got.clamped == want.clamped);
        REQUIRE(got.sums == want.sums);
      }
  }
}

void check_all(const sample_lengths& lengths) {
  const std::int64_t rows = rows_of(lengths);
  check(lengths, {rows, rows, rows}, 0, rows);
}

sample_lengths random_batch(std::mt19937& random, int requests, int longest) {
  sample_lengths batch;
  for (int i = 0; i < requests; ++i) {
    batch.tokens.push_back(static_cast<int>(random() % static_cast<unsigned>(longest + 1)));
    batch.kv.push_back(static_cast<int>(random() % 5000));
  }
  return batch;
}

}  // namespace

TEST_CASE("every number of rows of one request, and of one between two others") {
  for (int rows = 0; rows <= 40; ++rows) {
    CAPTURE(rows);
    check_all({{100}, {rows}});
    check_all({{100, 20, 2060}, {1, rows, 3}});
    check_all({{100, 20, 2060}, {rows, 0, rows}});
  }
}

TEST_CASE("every number of short requests") {
  std::mt19937 random(1);
  for (int requests = 0; requests <= 140; ++requests) {
    CAPTURE(requests);
    check_all(random_batch(random, requests, 4));
    check_all(random_batch(random, requests, 9));
  }
}

TEST_CASE("windows of many short and of few long requests") {
  std::mt19937 random(2);
  for (const int longest : {1, 4, 8, 9, 200}) check_all(random_batch(random, 1500, longest));
  for (const int longest : {8, 30, 200}) {
    const sample_lengths batch = random_batch(random, 300, longest);
    check(batch, {rows_of(batch), rows_of(batch), -1}, 0, rows_of(batch));
  }
  check_all({{100000, 7, 90000}, {5000, 1, 4000}});
  sample_lengths mixed =
      random_batch(random, 300, 3);  // a prefill among steps, and a block of just as many rows as fit
  mixed.tokens[70] = 3000;
  for (std::size_t i = 128; i < 256; ++i) mixed.tokens[i] = 16;
  check_all(mixed);
}

TEST_CASE("nothing is written past a capacity, whichever output it is of") {
  std::mt19937 random(3);
  const sample_lengths batch = random_batch(random, 12, 6);
  const std::int64_t rows = rows_of(batch);
  for (std::int64_t capacity = 0; capacity <= rows; ++capacity) {
    check(batch, {capacity, rows, rows}, 0, rows);
    check(batch, {rows, capacity, rows}, 0, rows);
    check(batch, {rows, rows, capacity}, 0, rows);
    check(batch, {capacity, capacity, -1}, 0, capacity);
  }
}

TEST_CASE("absent outputs") {
  std::mt19937 random(4);
  const sample_lengths batch = random_batch(random, 50, 5);
  const std::int64_t rows = rows_of(batch);
  for (const capacities& room : {capacities{rows, -1, -1}, {-1, rows, -1}, {-1, -1, rows}, {rows, rows, -1}})
    check(batch, room, 0, rows);
}

TEST_CASE("a job writes its own rows alone, wherever it begins and ends") {
  std::mt19937 random(5);
  const sample_lengths batch = random_batch(random, 9, 20);
  const std::int64_t rows = rows_of(batch);
  for (std::int64_t begin = 0; begin <= rows; ++begin)
    for (std::int64_t end = begin; end <= rows; ++end) {
      check(batch, {rows, rows, -1}, begin, end);
      if (end % 7 == 0) check(batch, {rows, rows, rows}, begin, end);
    }
}

TEST_CASE("jobs that are cut in the middle of a long request") {
  const sample_lengths batch{{40, 100000, 3, 70000}, {3, 3000, 2, 2500}};
  const std::int64_t rows = rows_of(batch);
  for (const std::int64_t begin : {0, 3, 700, 2998, 3003, 3005, 4000})
    for (const std::int64_t end : {3003, 3004, 4100, 5505}) {
      check(batch, {rows, rows, rows}, begin, std::max(begin, end));
      check(batch, {rows, rows, -1}, begin, std::max(begin, end));
    }
}

TEST_CASE("modes, offsets and top-k") {
  std::mt19937 random(6);
  for (const std::int64_t offset : {0, 3, -40, 1 << 29})
    for (const std::int32_t topk : {1, 50, 2147483647}) {
      sample_lengths batch = random_batch(random, 30, 3);
      batch.offset = offset;
      batch.topk = topk;
      check_all(batch);
      batch.mode = NSAMETA_EXTEND;
      check_all(batch);
      batch.tokens.clear();
      batch.mode = NSAMETA_DECODE;
      check_all(batch);
      batch.mode = NSAMETA_TARGET_VERIFY;
      batch.uniform = 5;
      check_all(batch);
    }
}

TEST_CASE("lengths that are garbage") {
  constexpr std::int32_t most = 2147483647;
  const ints any{most, -1, -most - 1, 0, 7, most - 3, 1, -8, most};
  check_all({any, {1, 2, 3, 4, 5, 6, 7, 8, 9}});
  check_all({any, {-1, 2, -most - 1, 0, 5, -7, 30, 8, -9}});
  sample_lengths verify{any, {}, 8, NSAMETA_TARGET_VERIFY};
  check_all(verify);
  verify.offset = 9;
  check_all(verify);
  // Far more rows than there is room for.
  check({any, {most, most, -1, most, 5, 6, 7, most, most}}, {50, 60, 2}, 0, 60);
}

TEST_CASE("sums stand at 2^31 - 1 in place of more") {
  const sample_lengths batch{{2147483647, 2147483647}, {20, 20}, 0, NSAMETA_DRAFT_EXTEND, 0, 500'000'000};
  for (const auto& code : usable_vector_code())
    REQUIRE(run(code, batch, {-1, -1, 40}, 0, 40).sums == expected(batch, {-1, -1, 40}, 0, 40).sums);
}

TEST_CASE("a job that counts goes on where its rows end") {
  const sample_lengths batch{{10, 20, 30}, {4, 0, 6}};
  for (const auto& code : usable_vector_code()) {
    const answer whole = run(code, batch, {100, 100, 100}, 0, 100, {.counts = true});
    CHECK(whole.all.kept == 3);
    CHECK(whole.all.tokens == 10);
    CHECK(whole.all.kv_len == 60);
    CHECK(whole.all.clamped == 7 + 8 + 9 + 10 + 25 + 26 + 27 + 28 + 29 + 30);
    const answer part = run(code, {{9, 900'000, 5}, {2, 800'000, 3}}, {50, 50, -1}, 0, 50, {.counts = true});
    CHECK(part.all.kept == 3);
    CHECK(part.all.tokens == 800'005);
    CHECK(part.all.kv_len == 900'014);
  }
}
