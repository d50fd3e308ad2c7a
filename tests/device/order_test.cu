/// A fill keeps its place among other people's kernels: it reads what the kernel before it wrote last, and overwrites
/// only what the kernel before it has read. Those kernels let later ones start at once, and take their time.
#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "harness/device_memory.h"
#include "harness/library_error.h"
#include "nsameta/device.hpp"
#include "tested_backend.h"

namespace nsameta::test {
namespace {

using harness::check;

constexpr int requests = 200, steps = 40, threads = 256;
constexpr long long delay = 20000;  // cycles, about 10 us: several fills

__device__ void let_later_kernels_start_and_wait() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
  for (const long long start = clock64(); clock64() - start < delay;) {
  }
}

/// Lengths of step `step`: step, step + 1, ...
__global__ void write_lengths(std::int32_t* lengths, int step) {
  let_later_kernels_start_and_wait();
  if (threadIdx.x < requests) lengths[threadIdx.x] = step + static_cast<int>(threadIdx.x);
}

__global__ void read_outputs(const std::int32_t* outputs, std::int32_t* copy) {
  let_later_kernels_start_and_wait();
  if (threadIdx.x <= requests) copy[threadIdx.x] = outputs[threadIdx.x];
}

/// The sums of each step's lengths, in one buffer that all steps share, copied away by a kernel of ours.
class step_chain {
 public:
  step_chain()
      : lengths_(tested().place, requests * 4),
        sums_(tested().place, (requests + 1) * 4),
        seen_(tested().place, steps * (requests + 1) * 4) {
    seen_.upload(std::vector<std::byte>(seen_.size()));
  }

  void run(void* stream, std::uint64_t flags) {
    const auto on = static_cast<cudaStream_t>(stream);
    for (int step = 0; step < steps; ++step) {
      write_lengths<<<1, threads, 0, on>>>(reinterpret_cast<std::int32_t*>(lengths_.data()), step);
      add_up(stream, flags);
      read_outputs<<<1, threads, 0, on>>>(reinterpret_cast<const std::int32_t*>(sums_.data()),
                                          reinterpret_cast<std::int32_t*>(seen_.data()) + step * (requests + 1));
      // The lengths stand still, but the sums are cleared: what was to be read first is gone if that comes too early.
      clear_sums(stream, flags);
    }
  }

  std::vector<int> wrong_steps() const {
    std::vector<std::int32_t> seen(steps * (requests + 1));
    seen_.download(std::as_writable_bytes(std::span(seen)));
    std::vector<int> wrong;
    for (int step = 0; step < steps; ++step) {
      bool right = true;
      for (int i = 0, sum = 0; i <= requests; sum += step + i, ++i) right &= seen[step * (requests + 1) + i] == sum;
      if (!right) wrong.push_back(step);
    }
    return wrong;
  }

 private:
  void add_up(void* stream, std::uint64_t flags) { fill(stream, flags, requests, NSAMETA_TAIL_KEEP); }
  /// An empty batch whose tails are zeros.
  void clear_sums(void* stream, std::uint64_t flags) { fill(stream, flags, 0, NSAMETA_TAIL_ZERO); }

  void fill(void* stream, std::uint64_t flags, std::int64_t batch_size, nsameta_tail tail) {
    nsameta_problem problem;
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DECODE;
    problem.batch_size = batch_size;
    problem.seq_lens.data = lengths_.data();
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    outputs.cu_seqlens_k.data = sums_.data();
    outputs.cu_seqlens_k.capacity = requests + 1;
    outputs.vector_tail = tail;
    nsameta_target target = tested().place.target();
    target.stream = stream;
    target.flags = flags;
    check(nsameta_fill(&problem, &outputs, &target));
  }

  harness::device_memory lengths_, sums_, seen_;
};

}  // namespace

TEST_CASE("a fill waits for kernels of others: eager and captured, with overlap and without") {
  const nsameta_target target = tested().place.target();
  check(nsameta_warmup(&target));
  const device on(tested().place.backend, tested().place.index);
  const device_stream stream = make_stream(on);
  for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{NSAMETA_TARGET_NO_OVERLAP}}) {
    CAPTURE(flags);
    step_chain eager;
    eager.run(stream.get(), flags);
    on.synchronize(stream.get());
    CHECK(eager.wrong_steps() == std::vector<int>{});
    step_chain captured;
    const device_graph graph = capture(stream, [&] { captured.run(stream.get(), flags); });
    for (int replay = 0; replay < 20; ++replay) {
      launch(graph, stream);
      on.synchronize(stream.get());
      CHECK(captured.wrong_steps() == std::vector<int>{});
    }
  }
}

}  // namespace nsameta::test
