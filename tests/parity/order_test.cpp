/// Fills in one stream are done one after the other, though a kernel may be launched while those before it still run.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
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
      : lengths_(place, requests * 4), longer_(place, requests * 4), sums_(place, steps * (requests + 1) * 8) {}

  void start() {
    std::vector<std::int32_t> first(requests);
    for (std::int64_t i = 0; i < requests; ++i) first[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 97);
    lengths_.upload(std::as_bytes(std::span(first)));
    sums_.upload(std::vector<std::byte>(sums_.size()));  // int32 sums take half of their place
  }

  /// Each fill reads what the one before it has just written, and writes what an earlier one has just read.
  void run(void* stream, std::uint64_t flags) {
    nsameta_target target = tested().place.target();
    target.stream = stream;
    target.flags = flags;
    for (std::int64_t step = 0; step < steps; ++step) {
      add_one(lengths_, longer_, &nsameta_outputs::cache_seqlens, target);
      add_up(longer_, step, target);
      add_one(longer_, lengths_, &nsameta_outputs::seqlens_expanded, target);  // the same numbers in decode
    }
  }

  /// Steps whose sums are wrong.
  std::vector<std::int64_t> wrong_steps() const {
    std::vector<std::int64_t> wide(steps * (requests + 1));
    sums_.download(std::as_writable_bytes(std::span(wide)));
    std::vector<std::int64_t> wrong;
    for (std::int64_t step = 0; step < steps; ++step) {
      const std::int64_t* const found = wide.data() + step * (requests + 1);
      std::int32_t narrow[requests + 1];
      std::memcpy(narrow, found, sizeof narrow);
      std::int64_t sum = 0;
      bool right = true;
      for (std::int64_t i = 0; i <= requests; ++i) {
        right &= (type_of(step) == NSAMETA_INT64 ? found[i] : narrow[i]) == sum;
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
                      nsameta_vector nsameta_outputs::* field, const nsameta_target& target) {
    const nsameta_problem problem = decode(from);
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    (outputs.*field).data = to.data();
    (outputs.*field).capacity = requests;
    outputs.length_offset = 1;
    check(nsameta_fill(&problem, &outputs, &target));
  }
  /// Kernels take turns: int64 sums and tails each have one.
  static nsameta_dtype type_of(std::int64_t step) { return step % 3 == 1 ? NSAMETA_INT64 : NSAMETA_INT32; }
  void add_up(const harness::device_memory& from, std::int64_t step, const nsameta_target& target) {
    const nsameta_problem problem = decode(from);
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    outputs.cu_seqlens_k.data = sums_.data() + step * (requests + 1) * 8;
    outputs.cu_seqlens_k.capacity = requests + 1;
    outputs.cu_seqlens_k.dtype = type_of(step);
    outputs.vector_tail = step % 3 == 2 ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
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
