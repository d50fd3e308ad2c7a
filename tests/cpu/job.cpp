#include "job.h"

#include <algorithm>
#include <limits>

namespace nsameta::testing {
namespace {

struct definition {
  std::int64_t kv, tokens;
};

definition request_of(const batch_lengths& lengths, std::size_t i) {
  const std::int64_t drafts = lengths.mode == NSAMETA_TARGET_VERIFY ? lengths.uniform : 0;
  const std::int64_t most = std::numeric_limits<std::int32_t>::max() - drafts;
  const std::int64_t kv = std::clamp<std::int64_t>(lengths.kv[i] + lengths.offset, 0, most) + drafts;
  const std::int64_t tokens = lengths.mode == NSAMETA_DECODE ? 1
                              : lengths.tokens.empty()       ? lengths.uniform
                                                             : std::max(0, lengths.tokens[i]);
  return {kv, tokens};
}

nsameta_vector view(ints& buffer, std::int64_t capacity, nsameta_dtype dtype = NSAMETA_INT32) {
  const std::int64_t width = dtype == NSAMETA_INT64 ? 2 : 1;
  buffer.assign(static_cast<std::size_t>((std::max<std::int64_t>(capacity, 0) + 2 * answer::guard) * width), untouched);
  return {capacity < 0 ? nullptr : buffer.data() + answer::guard * width, std::max<std::int64_t>(capacity, 0), dtype};
}

/// A buffer of int64 elements cut to int32 ones. Untouched stays so.
ints narrowed(const ints& wide) {
  ints narrow;
  for (std::size_t i = 0; i < wide.size(); i += 2) narrow.push_back(wide[i]);
  return narrow;
}

}  // namespace

nsameta_problem problem_of(const batch_lengths& lengths) {
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.mode = lengths.mode;
  problem.batch_size = static_cast<std::int64_t>(lengths.kv.size());
  problem.seq_lens.data = lengths.kv.data();
  problem.extend_seq_lens.data = lengths.tokens.empty() ? nullptr : lengths.tokens.data();
  problem.uniform_extend_len = lengths.uniform;
  problem.index_topk = lengths.topk;
  return problem;
}

nsameta_outputs outputs_of(const batch_lengths& lengths) {
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  outputs.length_offset = lengths.offset;
  return outputs;
}

std::int64_t rows_of(const batch_lengths& lengths) {
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < lengths.kv.size(); ++i) rows += request_of(lengths, i).tokens;
  return rows;
}

answer run(const cpu::vector_code& code, const batch_lengths& lengths, capacities room, std::int64_t begin,
           std::int64_t end, bool streaming, nsameta_dtype sums) {
  answer got;
  const nsameta_problem problem = problem_of(lengths);
  nsameta_outputs outputs = outputs_of(lengths);
  outputs.seqlens_expanded = view(got.expanded, room.expanded);
  outputs.nsa_cache_seqlens = view(got.clamped, room.clamped);
  outputs.nsa_cu_seqlens_k = view(got.sums, room.sums, sums);
  const cpu::dense_lengths dense(problem, outputs);

  cpu::row_job job{dense, outputs, 0, begin, begin, end, 0, lengths.topk, streaming};
  for (std::size_t i = 0; i < lengths.kv.size(); ++i) {  // to where row `begin` stands
    const definition r = request_of(lengths, i);
    for (std::int64_t j = 0; j < std::min(r.tokens, job.skipped); ++j)
      job.clamped_before += std::clamp<std::int64_t>(r.kv - r.tokens + 1 + j, 0, lengths.topk);
    if (job.skipped < r.tokens) break;
    job.skipped -= r.tokens;
    ++job.request;
  }
  const cpu::row_progress reached = code.write_rows(job);
  got.request = reached.request;
  got.rows = reached.rows;
  if (sums == NSAMETA_INT64) got.sums = narrowed(got.sums);
  return got;
}

answer expected(const batch_lengths& lengths, capacities room, std::int64_t begin, std::int64_t end) {
  answer want;
  view(want.expanded, room.expanded);
  view(want.clamped, room.clamped);
  view(want.sums, room.sums);
  const auto write = [&](ints& buffer, std::int64_t capacity, std::int64_t row, std::int64_t value) {
    if (row >= begin && row < std::min(end, capacity))
      buffer[static_cast<std::size_t>(row + answer::guard)] = static_cast<std::int32_t>(value);
  };
  std::int64_t row = 0, sum = 0;
  for (std::size_t i = 0; i < lengths.kv.size(); ++i) {
    const definition r = request_of(lengths, i);
    for (std::int64_t j = 0; j < r.tokens && row < end; ++j, ++row) {
      const std::int64_t seen = std::max<std::int64_t>(0, r.kv - r.tokens + 1 + j);
      const std::int64_t clamped = std::min<std::int64_t>(seen, lengths.topk);
      write(want.expanded, room.expanded, row, seen);
      write(want.clamped, room.clamped, row, clamped);
      write(want.sums, room.sums, row, std::min<std::int64_t>(sum, std::numeric_limits<std::int32_t>::max()));
      sum += clamped;
    }
  }
  return want;
}

}  // namespace nsameta::testing
