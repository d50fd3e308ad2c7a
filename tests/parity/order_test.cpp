/// Fills in one stream are done one after the other, though a kernel may be launched while those before it still run.
#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "harness/device_memory.h"
#include "harness/library_error.h"
#include "nsameta/device.hpp"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {
namespace {

using harness::check;

constexpr std::int64_t requests = 300, steps = 50;

/// Two arrays of lengths, and sums over the second one after each step.
class relay {
 public:
  explicit relay(const harness::device_place& place)
      : lengths_(place, requests * 4), longer_(place, requests * 4), sums_(place, steps * (requests + 1) * 4) {}

  void start() {
    std::vector<std::int32_t> first(requests);
    for (std::int64_t i = 0; i < requests; ++i) first[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 97);
    lengths_.upload(std::as_bytes(std::span(first)));
  }

  /// Each fill reads what the one before it has just written, and writes what an earlier one has just read.
  void run(void* stream, std::uint64_t flags) {
    nsameta_target target = tested().place.target();
    target.stream = stream;
    target.flags = flags;
    for (std::int64_t step = 0; step < steps; ++step) {
      add_one(lengths_, longer_, target);
      add_up(longer_, step, target);
      add_one(longer_, lengths_, target);
    }
  }

  /// Steps whose sums are wrong.
  std::vector<std::int64_t> wrong_steps() const {
    std::vector<std::int32_t> found(steps * (requests + 1));
    sums_.download(std::as_writable_bytes(std::span(found)));
    std::vector<std::int64_t> wrong;
    for (std::int64_t step = 0; step < steps; ++step) {
      std::int64_t sum = 0;
      bool right = true;
      for (std::int64_t i = 0; i <= requests; ++i) {
        right &= found[static_cast<std::size_t>(step * (requests + 1) + i)] == sum;
        sum += i % 97 + 2 * step + 1;
      }
      if (!right) wrong.push_back(step);
    }
    return wrong;
  }

 private:
  static nsameta_problem decode(const harness::device_memory& lengths) {
    nsameta_problem problem;
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DECODE;
    problem.batch_size = requests;
    problem.seq_lens.data = lengths.data();
    return problem;
  }
  static void add_one(const harness::device_memory& from, const harness::device_memory& to,
                      const nsameta_target& target) {
    const nsameta_problem problem = decode(from);
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    outputs.cache_seqlens.data = to.data();
    outputs.cache_seqlens.capacity = requests;
    outputs.length_offset = 1;
    check(nsameta_fill(&problem, &outputs, &target));
  }
  void add_up(const harness::device_memory& from, std::int64_t step, const nsameta_target& target) {
    const nsameta_problem problem = decode(from);
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    outputs.cu_seqlens_k.data = sums_.data() + step * (requests + 1) * 4;
    outputs.cu_seqlens_k.capacity = requests + 1;
    check(nsameta_fill(&problem, &outputs, &target));
  }

  harness::device_memory lengths_, longer_, sums_;
};

}  // namespace

TEST_CASE("each fill sees what the one before it wrote: eager and captured, with overlap and without") {
  const nsameta_target target = tested().place.target();
  check(nsameta_warmup(&target));
  for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{NSAMETA_TARGET_NO_OVERLAP}}) {
    relay eager(tested().place);
    eager.start();
    eager.run(nullptr, flags);
    synchronize();
    CHECK(eager.wrong_steps() == std::vector<std::int64_t>{});
    if (!tested().place.has_graphs()) continue;
    relay captured(tested().place);
    const device on(tested().place.backend, tested().place.index);
    const device_stream stream = make_stream(on);
    const device_graph graph = capture(stream, [&] { captured.run(stream.get(), flags); });
    for (int replay = 0; replay < 20; ++replay) {
      captured.start();
      launch(graph, stream);
      on.synchronize(stream.get());
      CHECK(captured.wrong_steps() == std::vector<std::int64_t>{});
    }
  }
}

TEST_SUITE_END();

}  // namespace nsameta::test
