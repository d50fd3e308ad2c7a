// Fills from many threads on streams of all devices of a backend, and captures among them.
#include <doctest/doctest.h>

#include <barrier>
#include <memory>
#include <vector>

#include "fixture.h"
#include "nsameta/device.hpp"
#include "on_threads.h"
#include "recipes.h"
#include "tested_backend.h"

using namespace nsameta::test;

namespace {

constexpr int streams_each = 4, fills_each = 4;

/// Fibres are slow.
int round_count() { return tested().place.backend == "simt" ? 2 : 20; }

int device_count() {
  for (const nsameta_backend_info& each : nsameta::backends())
    if (tested().place.backend == each.name) return each.device_count;
  return 0;
}

/// A stream of one of the devices, with buffers for several fills there.
class lane {
 public:
  lane(int number, int devices)
      : device_(tested().place.backend, number % devices), stream_(nsameta::make_stream(device_)) {
    target_ = nsameta::harness::device_place{device_.backend(), device_.index()}.target();
    target_.stream = stream_.get();
    for (int i = 0; i < fills_each; ++i)
      fillings_.push_back(std::make_unique<filling>(
          small_recipe(number * fills_each + i), nsameta::harness::device_place{device_.backend(), device_.index()}));
  }

  void reset() {
    for (const auto& each : fillings_) each->reset();
  }
  /// Enqueues its fills.
  std::string fill_all() {
    std::string said;
    for (const auto& each : fillings_)
      said += complaint("fill", nsameta_fill(&each->problem(), &each->outputs(), &target_));
    return said;
  }
  /// After what was enqueued.
  std::string wrong() {
    device_.synchronize(stream_.get());
    std::string said;
    for (const auto& each : fillings_) said += each->wrong();
    return said;
  }

  const nsameta::device_stream& stream() const { return stream_; }
  const nsameta::device& device() const { return device_; }

 private:
  nsameta::device device_;
  nsameta::device_stream stream_;
  nsameta_target target_;
  std::vector<std::unique_ptr<filling>> fillings_;
};

using lanes = std::vector<std::unique_ptr<lane>>;

/// Neighbours are of different devices, where there are several.
lanes make_lanes() {
  const int devices = device_count();
  lanes all;
  for (int i = 0; i < devices * streams_each; ++i) all.push_back(std::make_unique<lane>(i, devices));
  return all;
}

std::string warm_up() { return complaint("warm-up", nsameta_warmup(&anywhere)); }

}  // namespace

TEST_CASE("a thread for each of several streams of each device") {
  const lanes all = make_lanes();
  const int threads = static_cast<int>(all.size());
  const int rounds = round_count(), fills = rounds * threads * fills_each;
  MESSAGE(threads << " threads, " << device_count() << " device(s), " << fills << " fills");
  for (int round = 0; round < rounds; ++round)
    CHECK(complaints_of_threads(threads, [&](int thread) {
            lane& mine = *all[static_cast<std::size_t>((thread + round) % threads)];  // each thread sees all devices
            mine.reset();
            const std::string said = mine.fill_all();
            return said + mine.wrong();
          }) == "");
}

/// Half of the threads capture, all at once; while they do, the others fill, and one warms up what is warm.
TEST_CASE("captures among the fills of other threads") {
  if (tested().place.on_host() && tested().place.backend != "simt") return;  // without graphs
  REQUIRE(warm_up() == "");
  const lanes all = make_lanes();
  const int threads = static_cast<int>(all.size());
  const int rounds = round_count(), fills = rounds * threads * fills_each;
  MESSAGE((threads / 2) << " captures at once, " << device_count() << " device(s), " << fills << " fills");
  std::barrier phase(threads);
  CHECK(complaints_of_threads(threads, [&](int thread) {
          lane& mine = *all[static_cast<std::size_t>(thread)];
          const bool captures = thread / device_count() % 2 == 0;  // on every device
          const char* const backend = mine.device().backend();
          const std::int32_t index = mine.device().index();
          void* const stream = mine.stream().get();
          std::string said;
          for (int round = 0; round < rounds; ++round) {
            mine.reset();
            phase.arrive_and_wait();
            if (captures) said += complaint("begin", nsameta_capture_begin(backend, index, stream));
            phase.arrive_and_wait();
            if (thread == threads - 1) said += warm_up();
            said += mine.fill_all();
            phase.arrive_and_wait();
            void* graph = nullptr;
            if (captures) said += complaint("end", nsameta_capture_end(backend, index, stream, &graph));
            phase.arrive_and_wait();
            if (captures) {
              if (mine.wrong().empty()) said += "the capture ran; ";
              said += complaint("launch", nsameta_graph_launch(backend, index, graph, stream));
            }
            said += mine.wrong();
            if (captures) said += complaint("destroy", nsameta_graph_destroy(backend, index, graph));
          }
          return said;
        }) == "");
}
