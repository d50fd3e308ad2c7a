#include "stopwatch.h"

#include <algorithm>
#include <chrono>

#include "cuda_check.h"

namespace nsameta::bench {
namespace {

constexpr int most_nodes = 200, least_nodes = 5;
constexpr double replay_target_us = 4000;
constexpr int calls = 500;
constexpr double warm_up_us = 20'000;  // the clocks fall while the host prepares a case

double host_us() {
  using namespace std::chrono;
  return duration<double, std::micro>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

stopwatch::stopwatch(int repetitions) : repetitions_(repetitions) {
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  check_cuda(cudaEventCreate(&begin_));
  check_cuda(cudaEventCreate(&end_));
}

stopwatch::~stopwatch() {
  cudaEventDestroy(end_);
  cudaEventDestroy(begin_);
  cudaStreamDestroy(stream_);
}

cudaGraphExec_t stopwatch::capture(const contestant& captured, int nodes) {
  check_cuda(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
  cudaGraph_t graph = nullptr;
  try {
    for (int i = 0; i < nodes; ++i) captured.enqueue(stream_);
  } catch (...) {
    cudaStreamEndCapture(stream_, &graph);  // the stream serves the next ones
    throw;
  }
  check_cuda(cudaStreamEndCapture(stream_, &graph));
  cudaGraphExec_t executable = nullptr;
  check_cuda(cudaGraphInstantiate(&executable, graph, 0));
  check_cuda(cudaGraphDestroy(graph));
  check_cuda(cudaGraphUpload(executable, stream_));
  return executable;
}

double stopwatch::replay_us(cudaGraphExec_t graph) {
  check_cuda(cudaEventRecord(begin_, stream_));
  check_cuda(cudaGraphLaunch(graph, stream_));
  check_cuda(cudaEventRecord(end_, stream_));
  check_cuda(cudaEventSynchronize(end_));
  float milliseconds = 0;
  check_cuda(cudaEventElapsedTime(&milliseconds, begin_, end_));
  return milliseconds * 1e3;
}

samples stopwatch::node_times(const std::vector<contestant>& contestants) {
  struct lane {
    cudaGraphExec_t graph;
    int nodes;
  };
  std::vector<lane> lanes;
  for (const contestant& one : contestants) {
    one.enqueue(stream_);  // loads its kernels, which may not happen inside a capture
    check_cuda(cudaStreamSynchronize(stream_));
    const cudaGraphExec_t trial = capture(one, least_nodes);
    replay_us(trial);
    const double node = replay_us(trial) / least_nodes;
    check_cuda(cudaGraphExecDestroy(trial));
    const int nodes = static_cast<int>(std::clamp(replay_target_us / node, double{least_nodes}, double{most_nodes}));
    lanes.push_back({capture(one, nodes), nodes});
  }
  for (const double end = host_us() + warm_up_us; host_us() < end;)
    for (const lane& warmed : lanes) replay_us(warmed.graph);
  samples taken;
  for (int repetition = 0; repetition < repetitions_; ++repetition)
    for (std::size_t i = 0; i < lanes.size(); ++i)
      taken[contestants[i].name].push_back(replay_us(lanes[i].graph) / lanes[i].nodes);
  for (const lane& used : lanes) check_cuda(cudaGraphExecDestroy(used.graph));
  return taken;
}

samples stopwatch::call_times(const std::vector<contestant>& contestants) {
  const auto batch = [&](const contestant& one) {
    const double begin = host_us();
    for (int i = 0; i < calls; ++i) one.enqueue(stream_);
    const double took = host_us() - begin;
    check_cuda(cudaGetLastError());
    check_cuda(cudaStreamSynchronize(stream_));
    return took / calls;
  };
  for (const double end = host_us() + warm_up_us; host_us() < end;)
    for (const contestant& one : contestants) batch(one);
  samples taken;
  for (int repetition = 0; repetition < repetitions_; ++repetition)
    for (const contestant& one : contestants) taken[one.name].push_back(batch(one));
  return taken;
}

}  // namespace nsameta::bench
