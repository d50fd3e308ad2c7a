/// Times of things that are put on a stream, taken in turns in one loop, so that a drift of the clocks hits all alike.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace nsameta::bench {

struct contestant {
  std::string name;
  std::function<void(cudaStream_t)> enqueue;
};

/// Microseconds, one for each repetition.
using samples = std::map<std::string, std::vector<double>>;

class stopwatch {
 public:
  explicit stopwatch(int repetitions);
  ~stopwatch();
  stopwatch(const stopwatch&) = delete;
  stopwatch& operator=(const stopwatch&) = delete;

  cudaStream_t stream() const { return stream_; }

  /// Graph-node time: the events' time around one replay of a graph of many, over their number (200, or as many as
  /// take about 4 ms, but at least 5).
  samples node_times(const std::vector<contestant>& contestants);
  /// Pipelined call: the host's time for 500 calls without a wait, over their number. The queue is empty at the start
  /// and takes them all.
  samples call_times(const std::vector<contestant>& contestants);

 private:
  double replay_us(cudaGraphExec_t graph);
  cudaGraphExec_t capture(const contestant& captured, int nodes);

  int repetitions_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace nsameta::bench
