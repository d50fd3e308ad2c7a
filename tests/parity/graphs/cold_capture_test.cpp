/// What the first calls of a process do inside a capture. Each case wants a process of its own, which has loaded no
/// kernel: CTest runs them one by one.
#include <doctest/doctest.h>

#include <cstdio>
#include <deque>

#include "harness/library_error.h"
#include "recorded_fill.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("cold_capture");

namespace nsameta::test {
namespace {

std::deque<recorded_fill> make_fills() {
  std::deque<recorded_fill> fills;
  for (const fill_kind& kind : fill_kinds())
    for (const nsameta_mode mode : kind.modes) fills.emplace_back(kind, mode, 4);
  return fills;
}

device_stream make_stream_there() { return make_stream(device(tested().place.backend, tested().place.index)); }

void warm_up() {
  const nsameta_target target = tested().place.target();
  harness::check(nsameta_warmup(&target));
}

void record_and_replay(std::deque<recorded_fill>& fills, const device_stream& stream) {
  for (recorded_fill& fill : fills) fill.record(stream);
  for (recorded_fill& fill : fills)
    for (std::int64_t number = 0; number < 4; ++number) CHECK_MESSAGE(fill.replay(number) == "", fill.name());
  std::printf("%zu captures, %zu replays\n", fills.size(), 4 * fills.size());
}

}  // namespace

TEST_CASE("without a warm-up, a fill is refused and leaves the capture whole") {
  if (!tested().place.has_graphs()) return;
  std::deque<recorded_fill> fills = make_fills();
  const device_stream stream = make_stream_there();
  for (recorded_fill& fill : fills) {
    INFO(fill.name());
    const device_graph nothing = capture(stream, [&] {
      CHECK(fill.issue(stream.get()) == NSAMETA_NOT_WARMED_UP);
      CHECK(std::string(nsameta_last_error()).find("nsameta_warmup") != std::string::npos);
    });
    CHECK(fill.written_by(nothing, stream) == "");
  }
  std::printf("%zu fills refused\n", fills.size());
  warm_up();
  record_and_replay(fills, stream);
}

TEST_CASE("right after the warm-up, the first calls of a process may be captured") {
  if (!tested().place.has_graphs()) return;
  warm_up();
  std::deque<recorded_fill> fills = make_fills();
  const device_stream stream = make_stream_there();
  record_and_replay(fills, stream);
}

}  // namespace nsameta::test

TEST_SUITE_END();
