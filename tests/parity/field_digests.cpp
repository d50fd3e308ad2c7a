#include "field_digests.h"

#include <algorithm>
#include <stdexcept>

#include "fixture.h"
#include "harness/digest.h"
#include "harness/library_error.h"
#include "nsameta/device.hpp"

namespace nsameta::test {
namespace {

using harness::check;

/// The variants of a backend; "" of one that has none.
std::vector<std::string> variants_of(const std::string& backend) {
  std::vector<std::string> names;
  for (const std::string& spec : all_variants())
    if (harness::place_of(spec).backend == backend) names.push_back(spec.substr(spec.find('/')));
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names.empty() ? std::vector<std::string>{""} : names;
}

std::vector<std::string> list_computing() {
  std::vector<std::string> all;
  for (const nsameta_backend_info& backend : harness::list_backends()) {
    const std::string name = backend.name;
    if (backend.state != NSAMETA_BACKEND_READY) continue;
    if (NSAMETA_THREAD_SANITIZER && name == "simt") continue;  // its grids run on one thread, for minutes
    for (std::int32_t device = 0; device < std::max(backend.device_count, 1); ++device)
      for (const std::string& variant : variants_of(name)) all.push_back(name + ":" + std::to_string(device) + variant);
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

/// Buffers for the case, its inputs moved.
filling buffers_on(const std::string& backend, const harness::generated_case& tested, const manner& how) {
  return {moved(tested.problem, how.moved_inputs), {tested.layout}, harness::place_of(backend)};
}

/// Fills and finds everything else whole.
const nsameta_outputs& fill_and_read(filling& on, const std::string& backend, const manner& how) {
  fill(backend, without_first(on.problem(), how.moved_inputs), on.outputs(), how.own_stream);
  const nsameta_outputs& outputs = on.read_back();
  if (const std::string damage = on.damage(); !damage.empty()) throw std::logic_error(backend + " " + damage);
  return outputs;
}

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

field_digests digests_of(const std::string& backend, const harness::generated_case& tested, const manner& how) {
  filling on = buffers_on(backend, tested, how);
  const nsameta_outputs& outputs = fill_and_read(on, backend, how);
  field_digests digests{};
  std::size_t place_in_list = 0;
  for (const vector_field& field : vector_fields) digests[place_in_list++] = digest_of(outputs, field);
  for (const table_field& field : table_fields) digests[place_in_list++] = digest_of(outputs, field);
  return digests;
}

std::vector<std::uint64_t> request_digests(const std::string& backend, const harness::generated_case& tested) {
  filling on = buffers_on(backend, tested, {});
  const nsameta_outputs& outputs = fill_and_read(on, backend, {});
  const harness::live_shape shape = live_shape_of(
      tested.layout.draft_step > 0 ? tested.problem.draft() : tested.problem, tested.layout.added_length());
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

}  // namespace nsameta::test
