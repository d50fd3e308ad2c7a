/// One run of the GPU benchmark: its options, the device, and the groups measured so far.
#pragma once

#include <functional>
#include <string>

#include "cases.h"
#include "harness/backend_name.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"
#include "nlohmann/json.hpp"
#include "stopwatch.h"

namespace nsameta::bench {

struct gpu_options {
  std::string backend = "cuda";  ///< "cuda[:index][/variant]"
  std::string filter;            ///< only groups whose name holds it
  bool quick = false;            ///< fewer sizes, fewer repetitions
};

class gpu_session {
 public:
  explicit gpu_session(gpu_options options);

  const gpu_options& options() const { return options_; }
  const harness::device_place& place() const { return place_; }
  stopwatch& timer() { return timer_; }

  /// Runs `measure` if the group is wanted. Its failure is recorded, and the next group gets its turn.
  void attempt(const std::string& group, const std::function<void()>& measure);
  /// Throws unless a fill of the case gives the reference's answer on this device.
  void check_answer(const harness::generated_case& measured) const;
  void record(const std::string& group, const harness::generated_case& measured, samples taken);

  nlohmann::json to_json() const;

 private:
  gpu_options options_;
  harness::device_place place_;
  stopwatch timer_;
  nlohmann::json groups_ = nlohmann::json::array();
  nlohmann::json failures_ = nlohmann::json::object();
};

/// A case in the device's memory, ready to be filled.
class uploaded_case {
 public:
  uploaded_case(const harness::device_place& place, const harness::generated_case& measured);

  void fill(cudaStream_t stream) const;
  contestant as(std::string name) const {
    return {std::move(name), [this](cudaStream_t stream) { fill(stream); }};
  }
  const nsameta_problem& problem() const { return inputs_.view(); }
  const nsameta_outputs& outputs() const { return outputs_.view(); }
  harness::output_buffers& buffers() { return outputs_; }

 private:
  nsameta_target target_;
  harness::input_buffers inputs_;
  harness::output_buffers outputs_;
};

}  // namespace nsameta::bench
