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

/// What is made of each step's lengths: their sums, by vectors or by a plan, or a page table that is a copy of them.
enum class work { vectors, plan, table };

/// One buffer that all steps share, copied away by a kernel of ours.
class step_chain {
 public:
  explicit step_chain(work made)
      : made_(made),
        lengths_(tested().place, requests * 4),
        zero_(tested().place, 4),
        all_(tested().place, 4),
        outputs_(tested().place, (requests + 1) * 4),
        seen_(tested().place, steps * (requests + 1) * 4) {
    seen_.upload(std::vector<std::byte>(seen_.size()));
    constexpr std::int32_t zero = 0, all = requests;
    zero_.upload(std::as_bytes(std::span(&zero, 1)));
    all_.upload(std::as_bytes(std::span(&all, 1)));
  }

  void run(void* stream, std::uint64_t flags) {
    const auto on = static_cast<cudaStream_t>(stream);
    for (int step = 0; step < steps; ++step) {
      write_lengths<<<1, threads, 0, on>>>(reinterpret_cast<std::int32_t*>(lengths_.data()), step);
      fill(stream, flags);
      read_outputs<<<1, threads, 0, on>>>(reinterpret_cast<const std::int32_t*>(outputs_.data()),
                                          reinterpret_cast<std::int32_t*>(seen_.data()) + step * (requests + 1));
      // The lengths stand still, but the outputs are cleared: what was to be read first is gone if that comes too
      // early.
      clear(stream, flags);
    }
  }

  std::vector<int> wrong_steps() const {
    std::vector<std::int32_t> seen(steps * (requests + 1));
    seen_.download(std::as_writable_bytes(std::span(seen)));
    std::vector<int> wrong;
    for (int step = 0; step < steps; ++step) {
      bool right = true;
      const int end = made_ == work::table ? requests : requests + 1;
      for (int i = 0, sum = 0; i < end; sum += step + i, ++i)
        right &= seen[step * (requests + 1) + i] == (made_ == work::table ? step + i : sum);
      if (!right) wrong.push_back(step);
    }
    return wrong;
  }

 private:
  static nsameta_problem decode_of(const harness::device_memory& lengths, std::int64_t batch_size) {
    nsameta_problem problem;
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DECODE;
    problem.batch_size = batch_size;
    problem.seq_lens.data = lengths.data();
    return problem;
  }
  std::int32_t* outputs() const { return reinterpret_cast<std::int32_t*>(outputs_.data()); }

  void fill(void* stream, std::uint64_t flags) {
    nsameta_problem problem = decode_of(made_ == work::table ? all_ : lengths_, made_ == work::table ? 1 : requests);
    nsameta_outputs wanted;
    nsameta_outputs_init(&wanted);
    nsameta_plan plan{};  // of a cache with an entry for each token: the sums of lengths
    plan.kind = NSAMETA_PLAN_RAGGED_ROWS;
    plan.ratio = plan.ragged_align = 1;
    plan.buffers[0] = {outputs(), requests + 1, NSAMETA_INT32};
    if (made_ == work::vectors) wanted.cu_seqlens_k = {outputs(), requests + 1, NSAMETA_INT32};
    if (made_ == work::plan) {
      wanted.plans = &plan;
      wanted.plan_count = 1;
    }
    if (made_ == work::table) {
      problem.req_pool_indices.data = zero_.data();
      problem.req_to_token = {reinterpret_cast<const std::int32_t*>(lengths_.data()), 1, requests, requests};
      wanted.page_table_1 = {outputs(), 1, requests, requests};
    }
    fill(problem, wanted, stream, flags);
  }
  /// An empty batch whose tails are zeros.
  void clear(void* stream, std::uint64_t flags) {
    nsameta_outputs wanted;
    nsameta_outputs_init(&wanted);
    wanted.cu_seqlens_k = {outputs(), requests + 1, NSAMETA_INT32};
    wanted.vector_tail = NSAMETA_TAIL_ZERO;
    fill(decode_of(lengths_, 0), wanted, stream, flags);
  }
  static void fill(const nsameta_problem& problem, const nsameta_outputs& wanted, void* stream, std::uint64_t flags) {
    nsameta_target target = tested().place.target();
    target.stream = stream;
    target.flags = flags;
    check(nsameta_fill(&problem, &wanted, &target));
  }

  work made_;
  harness::device_memory lengths_, zero_, all_, outputs_, seen_;
};

}  // namespace

TEST_CASE("a fill waits for kernels of others: eager and captured, with overlap and without") {
  const nsameta_target target = tested().place.target();
  check(nsameta_warmup(&target));
  const device on(tested().place.backend, tested().place.index);
  const device_stream stream = make_stream(on);
  for (int number = 0; number < 6; ++number) {
    const auto made = static_cast<work>(number / 2);
    const std::uint64_t flags = number % 2 == 0 ? 0 : NSAMETA_TARGET_NO_OVERLAP;
    CAPTURE(number);
    step_chain eager(made);
    eager.run(stream.get(), flags);
    on.synchronize(stream.get());
    CHECK(eager.wrong_steps() == std::vector<int>{});
    step_chain captured(made);
    const device_graph graph = capture(stream, [&] { captured.run(stream.get(), flags); });
    for (int replay = 0; replay < 20; ++replay) {
      launch(graph, stream);
      on.synchronize(stream.get());
      CHECK(captured.wrong_steps() == std::vector<int>{});
    }
  }
}

}  // namespace nsameta::test
