/// Jobs of vector code on buffers with guards, and what they should write, row by row from the definitions.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/vector_code.h"

namespace nsameta::test {

using ints = std::vector<std::int32_t>;

inline constexpr std::int32_t untouched = -77;

struct sample_lengths {
  ints kv, tokens;  ///< `tokens` is empty when all requests have `uniform`
  std::int64_t uniform = 0;
  nsameta_mode mode = NSAMETA_DRAFT_EXTEND;
  std::int64_t offset = 0;
  std::int32_t topk = 2048;
};

/// How lengths lie in memory.
enum class storage { dense, strided, int64 };
inline constexpr storage all_storages[] = {storage::dense, storage::strided, storage::int64};

/// A batch's problem with its lengths stored so.
struct stored_problem {
  stored_problem(const sample_lengths& lengths, storage stored);
  stored_problem(const stored_problem&) = delete;

  nsameta_problem problem;
  ints strided_kv, strided_tokens;
  std::vector<std::int64_t> int64_kv, int64_tokens;
};

/// Elements each of the three outputs has room for, -1 for an absent one.
struct capacities {
  std::int64_t expanded, clamped, sums;
};

/// The three outputs after a job, guards and all: element i is row i - guard.
struct answer {
  static constexpr std::int64_t guard = 64;
  ints expanded, clamped;
  std::vector<std::int64_t> sums;
  cpu::totals all{};
};

/// How a job runs.
struct job_form {
  storage stored = storage::dense;
  bool counts = false;
};

/// Runs rows [begin, end), with wide or narrow sums. Answers of any vector code and of `expected` are to be equal.
answer run(const cpu::vector_code& code, const sample_lengths& lengths, capacities room, std::int64_t begin,
           std::int64_t end, job_form form = {}, nsameta_dtype sums = NSAMETA_INT32);
answer expected(const sample_lengths& lengths, capacities room, std::int64_t begin, std::int64_t end,
                nsameta_dtype sums = NSAMETA_INT32);

std::int64_t rows_of(const sample_lengths& lengths);
/// Problem and outputs of a batch, for what takes them.
nsameta_problem problem_of(const sample_lengths& lengths);
nsameta_outputs outputs_of(const sample_lengths& lengths);

}  // namespace nsameta::test
