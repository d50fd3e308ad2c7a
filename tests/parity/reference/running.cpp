#include "running.h"

#include <algorithm>
#include <list>

#include "backend.h"
#include "backends.h"
#include "fields.h"
#include "guarded_buffer.h"
#include "nsameta/device.h"

namespace nsameta::test {
namespace {

/// The inputs of a step, and the problem that points at them.
class inputs {
 public:
  explicit inputs(const step& s) {
    set_scalars(s);
    problem.seq_lens = vector(s.seq_lens, s);
    if (!s.extend_seq_lens.empty()) problem.extend_seq_lens = vector(s.extend_seq_lens, s);
    if (s.table_rows == 0) return;
    ints slots = s.req_pool_indices;
    for (std::size_t r = slots.size(); r < s.seq_lens.size(); ++r) slots.push_back(static_cast<std::int64_t>(r));
    problem.req_pool_indices = vector(slots, s);
    problem.req_to_token = table(s);
  }

  ints contents() const {
    ints out;
    for (const guarded_buffer& b : buffers_) {
      const ints all = b.all();
      out.insert(out.end(), all.begin(), all.end());
    }
    return out;
  }

  nsameta_problem problem{};

 private:
  void set_scalars(const step& s) {
    nsameta_problem_init(&problem);
    problem.mode = s.mode;
    problem.batch_size = static_cast<std::int64_t>(s.seq_lens.size());
    problem.uniform_extend_len = s.uniform_extend_len;
    problem.page_size = s.page_size;
    problem.index_topk = s.index_topk;
    problem.index_kpool = s.index_kpool;
    problem.kv_shard = s.kv_shard;
    problem.q_shard = s.q_shard;
    problem.context_limit = s.context_limit;
    if (s.live_requests) problem.live_requests = static_cast<const std::int32_t*>(vector({*s.live_requests}, {}).data);
  }

  nsameta_strided vector(const ints& values, const step& s) {
    guarded_buffer& b =
        buffers_.emplace_back(static_cast<std::int64_t>(values.size()) * s.length_stride, s.length_type);
    std::int64_t at = 0;
    for (const std::int64_t value : values) {
      b.set(at, value);
      at += s.length_stride;
    }
    return {b.data(), s.length_stride, s.length_type};
  }

  nsameta_token_table table(const step& s) {
    const std::int64_t slots = static_cast<std::int64_t>(s.req_to_token.size());
    const std::int64_t width = slots > 0 ? static_cast<std::int64_t>(s.req_to_token[0].size()) : 0;
    const std::int64_t stride = width + s.source_row_gap;
    guarded_buffer& b = buffers_.emplace_back(slots * stride, NSAMETA_INT32);
    std::int64_t row = 0;
    for (const ints& tokens : s.req_to_token) {
      std::int64_t at = row;
      for (const std::int64_t token : tokens) b.set(at++, token);
      row += stride;
    }
    return {static_cast<const std::int32_t*>(b.data()), slots, width, stride};
  }

  std::list<guarded_buffer> buffers_;
};

bool skips(const step& s, const std::string& name) {
  if (std::ranges::any_of(vector_fields, [&](auto& f) { return f.name == name && f.step_vector; })) return true;
  if (s.kv_shard.size > 1 && (name == "indexer_ks" || name == "indexer_ke")) return true;
  return std::find(s.skipped.begin(), s.skipped.end(), name) != s.skipped.end();
}

/// By the backend of that name, or by the reference itself.
nsameta_status fill_by(const char* backend, const nsameta_problem& problem, const nsameta_outputs& outputs) {
  failure_text failure{};
  const nsameta_target target{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  if (backend != nullptr) return nsameta_fill_on(backend, &problem, &outputs, &target);
  return reference_backend().fill(problem, &outputs, 1, launch_policy{}, launch_place{}, &failure);
}

answer run_by(const char* backend, const step& s) {
  inputs in(s);
  const ints inputs_before = in.contents();

  nsameta_outputs outputs{};
  outputs.struct_size = sizeof outputs;
  outputs.vector_tail = s.vector_tail;
  outputs.table_tail = s.table_tail;
  outputs.table_tail_value = s.table_tail_value;
  outputs.length_offset = s.length_offset;

  std::map<std::string, guarded_buffer> buffers;
  const std::int64_t requests = in.problem.batch_size + s.spare_requests;
  for (const vector_field& field : vector_fields) {
    if (skips(s, field.name)) continue;
    const nsameta_dtype dtype = field.dtype(s.cu_type == NSAMETA_INT64);
    const std::int64_t capacity = element_count(field.size, requests, s.row_capacity);
    guarded_buffer& b = buffers.try_emplace(field.name, capacity, dtype).first->second;
    outputs.*field.member = {b.data(), capacity, dtype};
  }
  const std::int64_t row_stride = s.table_width + s.table_row_gap;
  for (const table_field& field : table_fields) {
    if (s.table_rows == 0 || skips(s, field.name)) continue;
    guarded_buffer& b = buffers.try_emplace(field.name, s.table_rows * row_stride, NSAMETA_INT32).first->second;
    outputs.*field.member = {static_cast<std::int32_t*>(b.data()), s.table_rows, s.table_width, row_stride};
  }

  const nsameta_status filled = fill_by(backend, in.problem, outputs);
  CHECK_MESSAGE(filled == NSAMETA_OK, std::string(nsameta_last_error()));
  CHECK(in.contents() == inputs_before);

  answer out;
  for (const auto& [name, b] : buffers) {
    CAPTURE(name);
    CHECK(b.guards_intact());
  }
  for (const vector_field& field : vector_fields) {
    const nsameta_vector& view = outputs.*field.member;
    if (view.data != nullptr) out.vectors[field.name] = buffers.at(field.name).written(0, view.capacity);
  }
  for (const table_field& field : table_fields) {
    const nsameta_table& view = outputs.*field.member;
    if (view.data == nullptr) continue;
    const guarded_buffer& b = buffers.at(field.name);
    CAPTURE(field.name);
    for (std::int64_t row = 0; row < view.rows; ++row) {
      out.tables[field.name].push_back(b.written(row * row_stride, s.table_width));
      CHECK(b.written(row * row_stride + s.table_width, s.table_row_gap).empty());
    }
  }
  return out;
}

}  // namespace

answer run(const step& s) {
  answer told = run_by(nullptr, s);
  for (const std::string backend : {"cpu/serial", "cpu/tbb"}) {
    CAPTURE(backend);
    CHECK(run_by(backend.c_str(), s) == told);
  }
  return told;
}

}  // namespace nsameta::test
