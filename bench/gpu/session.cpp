#include "session.h"

#include <stdexcept>
#include <utility>

#include "cuda_check.h"
#include "harness/library_error.h"
#include "harness/parity.h"

namespace nsameta::bench {
namespace {

/// Its device is the current one from now on.
harness::device_place entered(const std::string& backend) {
  const harness::device_place place = harness::place_of(backend);
  check_cuda(cudaSetDevice(place.index));
  return place;
}

}  // namespace

gpu_session::gpu_session(gpu_options options)
    : options_(std::move(options)), place_(entered(options_.backend)), timer_(options_.quick ? 15 : 41) {
  harness::check(nsameta_set_override(options_.backend.c_str()));
  const nsameta_target target = place_.target();
  harness::check(nsameta_warmup(&target));
}

void gpu_session::attempt(const std::string& group, const std::function<void()>& measure) {
  if (group.find(options_.filter) == std::string::npos) return;
  try {
    measure();
  } catch (const std::exception& error) {
    failures_[group] = error.what();
  }
}

void gpu_session::check_answer(const harness::generated_case& measured) const {
  if (const auto wrong = harness::check_parity(measured, options_.backend)) throw std::runtime_error(*wrong);
}

void gpu_session::record(const std::string& group, const harness::generated_case& measured, samples taken) {
  groups_.push_back({{"name", group},
                     {"requests", measured.problem.batch_size()},
                     {"rows", rows_of(measured)},
                     {"bytes", live_bytes(measured)},
                     {"unit", "us"},
                     {"samples", std::move(taken)}});
}

nlohmann::json gpu_session::to_json() const {
  cudaDeviceProp properties;
  check_cuda(cudaGetDeviceProperties(&properties, place_.index));
  int driver = 0, runtime = 0;
  check_cuda(cudaDriverGetVersion(&driver));
  check_cuda(cudaRuntimeGetVersion(&runtime));
  return {{"device",
           {{"name", properties.name},
            {"architecture", "sm_" + std::to_string(properties.major) + std::to_string(properties.minor)},
            {"multiprocessors", properties.multiProcessorCount},
            {"l2_bytes", properties.l2CacheSize},
            {"memory_bytes", properties.totalGlobalMem},
            {"cuda_driver", driver},
            {"cuda_runtime", runtime}}},
          {"backend", options_.backend},
          {"groups", groups_},
          {"failures", failures_}};
}

uploaded_case::uploaded_case(const harness::device_place& place, const harness::generated_case& measured)
    : target_(place.target()), inputs_(place), outputs_(place, measured.layout) {
  inputs_.upload(measured.problem);
}

void uploaded_case::fill(cudaStream_t stream) const {
  nsameta_target target = target_;
  target.stream = stream;
  harness::check(nsameta_fill(&inputs_.view(), &outputs_.view(), &target));
}

}  // namespace nsameta::bench
