/// nsameta_dispatch_cost [REQUESTS] [ROUNDS]
/// What nsameta_fill costs over the backend's own fill with the same decision: 32 requests unless told otherwise, two
/// fields, host memory. Both are timed in turns, so that a slow moment of the machine hits them alike; differences are
/// taken round by round.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "backend.h"
#include "backends.h"
#include "cpu/fill.h"
#include "nsameta/nsameta.h"

namespace {

constexpr int calls_a_round = 20000;

struct call {
  std::array<std::int32_t, 32> seq_lens, extend_seq_lens;
  std::array<std::int32_t, 128> expanded{}, clamped{};
  nsameta_problem problem;
  nsameta_outputs outputs;
  nsameta_target target{NSAMETA_DEVICE_HOST, 0, nullptr, 0};

  explicit call(std::int64_t requests) {
    for (std::size_t i = 0; i < seq_lens.size(); ++i) {
      extend_seq_lens[i] = static_cast<std::int32_t>(1 + i % 4);
      seq_lens[i] = static_cast<std::int32_t>(1000 + 37 * i);
    }
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DRAFT_EXTEND;
    problem.batch_size = requests;
    problem.seq_lens.data = seq_lens.data();
    problem.extend_seq_lens.data = extend_seq_lens.data();
    nsameta_outputs_init(&outputs);
    outputs.seqlens_expanded = {expanded.data(), 128, NSAMETA_INT32};
    outputs.nsa_cache_seqlens = {clamped.data(), 128, NSAMETA_INT32};
  }
};

template <class Run>
double nanoseconds_each(Run run) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < calls_a_round; ++i)
    if (run() != NSAMETA_OK) std::abort();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / calls_a_round;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const long requests = argc > 1 ? std::atol(argv[1]) : 32, rounds = argc > 2 ? std::atol(argv[2]) : 300;
  if (requests < 0 || requests > 32 || rounds < 1) {
    std::fprintf(stderr, "usage: %s [REQUESTS, 32 at most] [ROUNDS]\n", argv[0]);
    return 2;
  }
  call made(requests);
  const nsameta::backend_interface& cpu = nsameta::cpu_backend();
  const nsameta::launch_policy decided{nsameta::cpu::variant_auto, 128};
  const auto direct_fill = [&] {
    nsameta::failure_text why;
    return cpu.fill(made.problem, &made.outputs, 1, decided, {0, nullptr}, &why);
  };
  std::vector<double> direct, added;
  for (long round = 0; round < rounds; ++round) {
    direct.push_back(nanoseconds_each(direct_fill));
    added.push_back(nanoseconds_each([&] { return nsameta_fill(&made.problem, &made.outputs, &made.target); }) -
                    direct.back());
  }
  std::printf("%ld requests: cpu fill %.1f ns, to which nsameta_fill adds %.1f ns (medians of %ld rounds)\n", requests,
              median(direct), median(added), rounds);
}
