#include "answers.h"

#include <stdexcept>

#include "harness/digest.h"
#include "harness/input_buffers.h"
#include "harness/library_error.h"
#include "harness/output_buffers.h"
#include "nsameta/device.hpp"

namespace nsameta::determinism {
namespace {

using harness::check;

std::vector<std::string> list_computing() {
  std::vector<std::string> all;
  for (const nsameta_backend_info& backend : harness::list_backends()) {
    const std::string name = backend.name;
    if (backend.state != NSAMETA_BACKEND_READY) continue;
    if (NSAMETA_THREAD_SANITIZER && name == "simt") continue;  // its grids run on one thread, for minutes
    if (name == "reference") {
      all.push_back(name);
    } else if (name == "cpu") {
      all.insert(all.end(), {"cpu/auto", "cpu/serial", "cpu/tbb"});
    } else {
      for (std::int32_t device = 0; device < backend.device_count; ++device)
        all.push_back(name + ":" + std::to_string(device));
    }
  }
  return all;
}

/// The values behind `count` others, which hold the first of them.
harness::strided_values moved(const harness::strided_values& values, std::int64_t count) {
  if (!values.present() || values.size() == 0) return values;
  std::vector<std::int64_t> all(static_cast<std::size_t>(count), values[0]);
  for (const std::int64_t value : values.values()) all.push_back(value);
  return harness::strided_values(all, values.dtype(), values.stride());
}

nsameta_strided behind(nsameta_strided values, std::int64_t count) {
  if (values.data != nullptr)
    values.data = static_cast<const std::byte*>(values.data) + count * values.stride * element_bytes(values.dtype);
  return values;
}

harness::problem_data moved(harness::problem_data problem, std::int64_t count) {
  problem.seq_lens = moved(problem.seq_lens, count);
  problem.extend_seq_lens = moved(problem.extend_seq_lens, count);
  problem.req_pool_indices = moved(problem.req_pool_indices, count);
  return problem;
}

/// Of a problem with `count` elements before each of its vectors, the problem itself.
nsameta_problem without_first(nsameta_problem problem, std::int64_t count) {
  if (problem.batch_size == 0) return problem;
  problem.batch_size -= count;
  problem.seq_lens = behind(problem.seq_lens, count);
  problem.extend_seq_lens = behind(problem.extend_seq_lens, count);
  problem.req_pool_indices = behind(problem.req_pool_indices, count);
  return problem;
}

void fill(const std::string& backend, const nsameta_problem& problem, const nsameta_outputs& outputs, bool own_stream) {
  const harness::device_place place = harness::place_of(backend);
  nsameta_target target = place.target();
  const device on(place.backend, place.index);
  if (!own_stream) {
    check(nsameta_fill_on(backend.c_str(), &problem, &outputs, &target));
    return on.synchronize();
  }
  const device_stream stream = make_stream(on);
  target.stream = stream.get();
  check(nsameta_fill_on(backend.c_str(), &problem, &outputs, &target));
  on.synchronize(stream.get());
}

/// The case on its device: filled, read back and found whole.
class filled_buffers {
 public:
  filled_buffers(const std::string& backend, const harness::generated_case& tested, const manner& how)
      : buffers_(harness::place_of(backend), tested.layout) {
    harness::input_buffers inputs(harness::place_of(backend));
    inputs.upload(moved(tested.problem, how.moved_inputs));
    fill(backend, without_first(inputs.view(), how.moved_inputs), buffers_.view(), how.own_stream);
    outputs_ = buffers_.read_back();
    if (const auto damage = buffers_.damaged_guard()) throw std::logic_error(backend + " " + *damage);
    if (const auto input = inputs.changed()) throw std::logic_error(backend + " wrote to its input " + *input);
  }
  /// In host memory of this object.
  const nsameta_outputs& outputs() const { return outputs_; }

 private:
  harness::output_buffers buffers_;
  nsameta_outputs outputs_;
};

/// `outputs` with one field.
template <class Field>
std::uint64_t digest_of(const nsameta_outputs& outputs, const Field& field) {
  nsameta_outputs alone;
  nsameta_outputs_init(&alone);
  alone.*field.member = outputs.*field.member;
  harness::digest sum;
  sum.add_whole(alone);
  return (outputs.*field.member).data == nullptr ? 0 : sum.value();
}

}  // namespace

const std::vector<std::string>& computing() {
  static const std::vector<std::string> all = list_computing();
  return all;
}

field_digests answer(const std::string& backend, const harness::generated_case& tested, const manner& how) {
  const filled_buffers filled(backend, tested, how);
  field_digests digests{};
  std::size_t place_in_list = 0;
  for (const vector_field& field : vector_fields) digests[place_in_list++] = digest_of(filled.outputs(), field);
  for (const table_field& field : table_fields) digests[place_in_list++] = digest_of(filled.outputs(), field);
  return digests;
}

std::vector<std::uint64_t> request_digests(const std::string& backend, const harness::generated_case& tested) {
  const filled_buffers filled(backend, tested, {});
  const nsameta_outputs& outputs = filled.outputs();
  const harness::live_shape shape = live_shape_of(tested.problem, tested.layout.length_offset);
  const auto element = [](const nsameta_vector& vector, std::int64_t i) {
    return static_cast<const std::int32_t*>(vector.data)[i];
  };
  std::vector<std::vector<std::span<const std::int32_t>>> tables;
  for (const table_field& field : table_fields) tables.push_back(live_rows(field, outputs.*field.member, shape));
  std::vector<std::uint64_t> digests;
  std::int64_t row = 0, table_row = 0;
  for (const harness::live_request& request : shape.requests) {
    harness::digest sum;
    sum.add(element(outputs.cache_seqlens, std::ssize(digests)));
    for (const std::int64_t end = row + request.rows; row < end; ++row) {
      sum.add(element(outputs.seqlens_expanded, row));
      sum.add(element(outputs.nsa_cache_seqlens, row));
    }
    for (const std::int64_t end = table_row + request.table_rows; table_row < end; ++table_row)
      for (const auto& rows : tables)
        for (const std::int32_t entry : rows[static_cast<std::size_t>(table_row)]) sum.add(entry);
    digests.push_back(sum.value());
  }
  return digests;
}

std::string difference(const field_digests& one, const field_digests& other) {
  std::string names;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i] == other[i] || one[i] == 0 || other[i] == 0) continue;
    names += names.empty() ? "" : ", ";
    names += i < vector_fields.size() ? vector_fields[i].name : table_fields[i - vector_fields.size()].name;
  }
  return names;
}

}  // namespace nsameta::determinism
