/// nsameta_graph_tests --backend=NAME[:INDEX][/VARIANT] [--replays=N]
/// N replays, 10,000 by default, of every kind of fill in every mode; a twentieth of that of the large ones.
#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "harness/library_error.h"
#include "recorded_fill.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("replays");

namespace nsameta::test {
namespace {

constexpr std::int64_t shortest_cycle = 4, longest_cycle = 250, longest_large_cycle = 50;

std::int64_t wanted_replays() {
  const std::string text = option("replays", "10000");
  std::int64_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || count < 1)
    throw std::invalid_argument("--replays: \"" + text + "\" is no number of replays");
  return count;
}

/// Replays of one captured fill, as many as there were.
std::int64_t replay_all(const fill_kind& kind, nsameta_mode mode, const device_stream& stream) {
  const std::int64_t share = kind.is_large() ? 20 : 1;
  const std::int64_t replays = std::max(wanted_replays() / share, shortest_cycle);
  recorded_fill fill(kind, mode, std::min(replays, kind.is_large() ? longest_large_cycle : longest_cycle));
  INFO(fill.name());
  const planned_launch plan = fill.plan();
  CHECK(plan.kernel == kind.kernel);
  CHECK(fill.answers() > fill.steps() / 2);  // lengths do come and go
  fill.record(stream);
  std::string wrong;
  std::int64_t done = 0;
  for (; done < replays && wrong.empty(); ++done) wrong = fill.replay(done);
  CHECK(wrong == "");
  CHECK(fill.damage() == "");
  return done;
}

}  // namespace

TEST_CASE("the steps go from nothing to what fills the buffers, past it, and back") {
  for (const fill_kind& kind : fill_kinds())
    for (const nsameta_mode mode : kind.modes) {
      INFO(kind.name);
      CAPTURE(mode);
      const harness::problem_data full = full_problem(kind, mode);
      const auto largest = [](const harness::strided_values& values) { return std::ranges::max(values.values()); };
      const auto step = [&](std::int64_t number) { return step_of(kind, full, number, 40); };
      CHECK(largest(step(0).seq_lens) == 0);
      CHECK(step(20).seq_lens.values() == full.seq_lens.values());
      CHECK(largest(step(21).seq_lens) == full.seq_lens[0] + 1);
      for (const std::int64_t number : {10, 32}) {
        CHECK(largest(step(number).seq_lens) > 0);
        CHECK(largest(step(number).seq_lens) <= full.seq_lens[0] / 2);
      }
      if (!full.extend_seq_lens.present()) continue;
      CHECK(largest(step(0).extend_seq_lens) == 0);
      CHECK(step(20).extend_seq_lens.values() == full.extend_seq_lens.values());
      CHECK(largest(step(21).extend_seq_lens) == full.extend_seq_lens[0] + 1);
    }
}

TEST_CASE("every kind of fill, captured once, replays with lengths that come and go") {
  if (!tested().place.has_graphs()) return;
  const nsameta_target target = tested().place.target();
  harness::check(nsameta_warmup(&target));
  const device_stream stream = make_stream(device(tested().place.backend, tested().place.index));
  const auto start = std::chrono::steady_clock::now();
  std::int64_t captures = 0, replays = 0;
  for (const fill_kind& kind : fill_kinds())
    for (const nsameta_mode mode : kind.modes) {
      replays += replay_all(kind, mode, stream);
      ++captures;
    }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%lld captures, %lld replays, as many digests compared, %.1f s\n", static_cast<long long>(captures),
              static_cast<long long>(replays), seconds.count());
}

}  // namespace nsameta::test

TEST_SUITE_END();
