#include "job.h"

#include <algorithm>
#include <limits>

namespace nsameta::test {
namespace {

struct definition {
  std::int64_t kv, tokens;
};

definition request_of(const sample_lengths& lengths, std::size_t i) {
  const std::int64_t drafts = row_of(lengths.mode).drafts ? lengths.uniform : 0;
  const std::int64_t most = std::numeric_limits<std::int32_t>::max() - drafts;
  const std::int64_t kv = std::clamp<std::int64_t>(lengths.kv[i] + lengths.offset, 0, most) + drafts;
  const std::int64_t uniform = row_of(lengths.mode).takes_uniform ? lengths.uniform : 1;
  const std::int64_t tokens = lengths.tokens.empty() ? uniform : std::max(0, lengths.tokens[i]);
  return {kv, tokens};
}

template <class T>
nsameta_vector view(std::vector<T>& buffer, std::int64_t capacity) {
  const std::int64_t held = std::max<std::int64_t>(capacity, 0);
  buffer.assign(static_cast<std::size_t>(held + 2 * answer::guard), untouched);
  return {capacity < 0 ? nullptr : buffer.data() + answer::guard, held,
          sizeof(T) == sizeof(std::int64_t) ? NSAMETA_INT64 : NSAMETA_INT32};
}

}  // namespace

stored_problem::stored_problem(const sample_lengths& lengths, storage stored) : problem(problem_of(lengths)) {
  if (stored == storage::dense) return;
  const auto store = [&](const ints& from, nsameta_strided& array, ints& strided, std::vector<std::int64_t>& wide) {
    if (array.data == nullptr) return;
    wide.assign(from.begin(), from.end());
    for (const std::int32_t length : from) strided.insert(strided.end(), {length, untouched, untouched});
    if (stored == storage::strided)
      array = {strided.data(), 3, NSAMETA_INT32};
    else
      array = {wide.data(), 1, NSAMETA_INT64};
  };
  store(lengths.kv, problem.seq_lens, strided_kv, int64_kv);
  store(lengths.tokens, problem.extend_seq_lens, strided_tokens, int64_tokens);
}

nsameta_problem problem_of(const sample_lengths& lengths) {
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

nsameta_outputs outputs_of(const sample_lengths& lengths) {
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  outputs.length_offset = lengths.offset;
  return outputs;
}

std::int64_t rows_of(const sample_lengths& lengths) {
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < lengths.kv.size(); ++i) rows += request_of(lengths, i).tokens;
  return rows;
}

answer run(const cpu::vector_code& code, const sample_lengths& lengths, capacities room, std::int64_t begin,
           std::int64_t end, job_form form, nsameta_dtype sums) {
  answer got;
  const stored_problem stored(lengths, form.stored);
  const batch_lengths stated = lengths_of(stored.problem);
  nsameta_outputs outputs = outputs_of(lengths);
  outputs.seqlens_expanded = view(got.expanded, room.expanded);
  outputs.nsa_cache_seqlens = view(got.clamped, room.clamped);
  ints narrow;
  outputs.nsa_cu_seqlens_k = sums == NSAMETA_INT64 ? view(got.sums, room.sums) : view(narrow, room.sums);
  cpu::vector_job job{.problem = stored.problem,
                      .out = outputs,
                      .lengths = stated,
                      .request = 0,
                      .end_request = stored.problem.batch_size,
                      .row = begin,
                      .end_row = end,
                      .skipped = begin,
                      .counts = form.counts};
  for (std::size_t i = 0; i < lengths.kv.size(); ++i) {  // to where row `begin` stands
    const definition r = request_of(lengths, i);
    for (std::int64_t j = 0; j < std::min(r.tokens, job.skipped); ++j)
      job.before.clamped += std::clamp<std::int64_t>(r.kv - r.tokens + 1 + j, 0, lengths.topk);
    if (job.skipped < r.tokens) break;
    job.skipped -= r.tokens;
    ++job.request;
  }
  got.all = code.run(job);
  if (sums == NSAMETA_INT32) got.sums.assign(narrow.begin(), narrow.end());
  return got;
}

answer expected(const sample_lengths& lengths, capacities room, std::int64_t begin, std::int64_t end,
                nsameta_dtype sums) {
  answer want;
  view(want.expanded, room.expanded);
  view(want.clamped, room.clamped);
  view(want.sums, room.sums);
  const auto write = [&](auto& buffer, std::int64_t capacity, std::int64_t row, std::int64_t value) {
    if (row >= begin && row < std::min(end, capacity))
      buffer[static_cast<std::size_t>(row + answer::guard)] = static_cast<decltype(buffer[0] + 0)>(value);
  };
  const std::int64_t most =
      sums == NSAMETA_INT64 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int32_t>::max();
  std::int64_t row = 0, sum = 0;
  for (std::size_t i = 0; i < lengths.kv.size(); ++i) {
    const definition r = request_of(lengths, i);
    for (std::int64_t j = 0; j < r.tokens && row < end; ++j, ++row) {
      const std::int64_t seen = std::max<std::int64_t>(0, r.kv - r.tokens + 1 + j);
      const std::int64_t clamped = std::min<std::int64_t>(seen, lengths.topk);
      write(want.expanded, room.expanded, row, seen);
      write(want.clamped, room.clamped, row, clamped);
      write(want.sums, room.sums, row, std::min(sum, most));
      sum += clamped;
    }
  }
  return want;
}

}  // namespace nsameta::test
