#include "host_case.h"

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>

#include <cstring>
#include <stdexcept>
#include <string_view>

#include "backend.h"
#include "backends.h"
#include "harness/library_error.h"
#include "harness/parity.h"
#include "problem.h"

namespace nsameta::bench {
namespace {

const harness::generated_case& checked(const harness::generated_case& measured) {
  for (const char* backend : {"cpu/auto", "cpu/serial", "cpu/tbb"})
    if (const auto wrong = check_parity(measured, backend)) throw std::runtime_error(*wrong);
  return measured;
}

std::int32_t variant_index(std::string_view variant) {
  for (std::int32_t i = 0; cpu_backend().variants[i] != nullptr; ++i)
    if (variant == cpu_backend().variants[i]) return i;
  throw std::runtime_error("cpu has no variant " + std::string(variant));
}

/// Calls `set(pointer, bytes)` for the two row fields, which are all that the cases here ask for.
template <class Set>
void for_each_output(const nsameta_outputs& outputs, std::int64_t rows, Set&& set) {
  for (void* data : {outputs.seqlens_expanded.data, outputs.nsa_cache_seqlens.data})
    set(static_cast<char*>(data), static_cast<std::size_t>(rows) * sizeof(std::int32_t));
}

}  // namespace

host_case::host_case(const harness::generated_case& measured)
    : inputs_(harness::device_place{}),
      outputs_(harness::device_place{}, checked(measured).layout),
      rows_(rows_of(measured)),
      bytes_(live_bytes(measured)) {
  inputs_.upload(measured.problem);
}

void host_case::fill() const { harness::check(nsameta_fill(&inputs_.view(), &outputs_.view(), &target_)); }

void host_case::fill_by(const launch_policy& policy) const {
  failure_text failure;
  cpu_backend().fill(inputs_.view(), &outputs_.view(), 1, policy, {0, nullptr}, &failure);
}

void host_case::fill_by_reference() const {
  failure_text failure;
  reference_backend().fill(inputs_.view(), &outputs_.view(), 1, {}, {0, nullptr}, &failure);
}

void host_case::set() const {
  for_each_output(outputs_.view(), rows_, [](char* data, std::size_t bytes) { std::memset(data, 1, bytes); });
}

void host_case::set_parallel() const {
  constexpr std::size_t page = 4096;
  for_each_output(outputs_.view(), rows_, [](char* data, std::size_t bytes) {
    const std::size_t pages = (bytes + page - 1) / page;
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, pages),
        [=](const tbb::blocked_range<std::size_t>& range) {
          const std::size_t end = range.end() == pages ? bytes : range.end() * page;
          std::memset(data + range.begin() * page, 1, end - range.begin() * page);
        },
        tbb::static_partitioner());
  });
}

launch_policy host_case::policy_of(const char* variant) const {
  return {variant_index(variant), row_bound(inputs_.view(), outputs_.view())};
}

}  // namespace nsameta::bench
