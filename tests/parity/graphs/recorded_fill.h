/// A fill of one kind that is recorded into a graph on the tested device and replayed with other lengths in the same
/// buffers, each answer's digest held against that of the reference.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fill_kinds.h"
#include "fixture.h"
#include "nsameta/device.hpp"
#include "planned_launch.h"

namespace nsameta::test {

class recorded_fill {
 public:
  /// Works out the reference's answers to `steps` steps. Runs nothing on the device.
  recorded_fill(const fill_kind&, nsameta_mode, std::int64_t steps);

  /// What the host would launch for the first set, or for the sets that share a launch.
  planned_launch plan() const;
  /// The fill, or the chain of fills, into `stream`; nsameta_fill's status.
  nsameta_status issue(void* stream) const;
  /// Captures the fill. Throws nsameta::error.
  void record(const device_stream& stream);
  /// Replays it with the lengths of step `number`, modulo the steps, in buffers that hold the fill pattern again. What
  /// is wrong, or "".
  std::string replay(std::int64_t number);
  /// Launches whatever else was captured on `stream`; what it wrote, or "".
  std::string written_by(const device_graph& graph, const device_stream& stream);
  /// Names an input that the replays changed, or what they wrote beside an output; or "".
  std::string damage() const { return device_.damage(); }

  std::string name() const;
  /// How many different answers the steps have.
  std::size_t answers() const { return std::set(digests_.begin(), digests_.end()).size(); }
  std::size_t steps() const { return steps_.size(); }

 private:
  void set_step(std::int64_t number);
  std::uint64_t reference_digest();

  const fill_kind& kind_;
  const harness::problem_data full_;  // what is captured
  harness::problem_data problem_;     // of the latest step
  filling device_, reference_;
  std::vector<length_step> steps_;
  std::vector<std::uint64_t> digests_;  // the reference's, a step each
  nsameta_problem captured_{};
  std::optional<device_graph> graph_;
  const device_stream* stream_ = nullptr;
};

}  // namespace nsameta::test
