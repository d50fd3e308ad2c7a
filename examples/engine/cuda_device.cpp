#include <map>

#include <cuda_runtime.h>

#include "device.h"

namespace engine {
namespace {

void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

/// Device 0, a stream of its own, a graph for each key.
class cuda_device final : public device {
 public:
  cuda_device() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    nsameta::warmup(where()).or_throw();  // before the first capture: loading a kernel would break it
  }
  ~cuda_device() override {
    cudaStreamSynchronize(stream_);
    for (const auto& [key, graph] : graphs_) cudaGraphExecDestroy(graph);
    for (void* memory : memory_) cudaFree(memory);
    cudaStreamDestroy(stream_);
  }

  nsameta::target where() const override { return nsameta::target(NSAMETA_DEVICE_CUDA, 0, stream_); }

  std::span<std::int32_t> allocate(std::size_t elements) override {
    void* memory = nullptr;
    check(cudaMalloc(&memory, elements * 4), "cudaMalloc");
    memory_.push_back(memory);
    check(cudaMemsetAsync(memory, 0, elements * 4, stream_), "cudaMemsetAsync");
    return {static_cast<std::int32_t*>(memory), elements};
  }

  /// From pageable memory: CUDA keeps a copy before it returns.
  void upload(std::int32_t* to, std::span<const std::int32_t> from) override {
    check(cudaMemcpyAsync(to, from.data(), from.size_bytes(), cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync");
  }

  std::vector<std::int32_t> download(std::span<const std::int32_t> from) override {
    std::vector<std::int32_t> values(from.size());
    check(cudaMemcpyAsync(values.data(), from.data(), from.size_bytes(), cudaMemcpyDeviceToHost, stream_),
          "cudaMemcpyAsync");
    check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
    return values;
  }

  void replay(int key, const std::function<void()>& issue) override {
    if (!graphs_.contains(key)) graphs_[key] = capture(issue);
    check(cudaGraphLaunch(graphs_.at(key), stream_), "cudaGraphLaunch");
  }
  int graphs() const override { return static_cast<int>(graphs_.size()); }

 private:
  cudaGraphExec_t capture(const std::function<void()>& issue) {
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), "cudaStreamBeginCapture");
    cudaGraph_t graph = nullptr;
    try {
      issue();
    } catch (...) {  // a refused fill leaves the capture whole, and it is ours to end
      if (cudaStreamEndCapture(stream_, &graph) == cudaSuccess) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
    cudaGraphExec_t ready = nullptr;
    const cudaError_t made = cudaGraphInstantiate(&ready, graph, 0);
    cudaGraphDestroy(graph);
    check(made, "cudaGraphInstantiate");
    return ready;
  }

  cudaStream_t stream_ = nullptr;
  std::vector<void*> memory_;
  std::map<int, cudaGraphExec_t> graphs_;
};

}  // namespace

std::unique_ptr<device> make_cuda() {
  for (const nsameta_backend_info& backend : nsameta::backends())
    if (std::string(backend.name) == "cuda" && backend.state != NSAMETA_BACKEND_READY)
      throw unavailable(backend.reason);
  return std::make_unique<cuda_device>();
}

}  // namespace engine
