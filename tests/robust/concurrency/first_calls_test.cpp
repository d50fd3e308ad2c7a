// Everything the library offers, called for the first time by 64 threads at once. A round is a child in which nobody
// has called the library yet.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "child.h"
#include "fixture.h"
#include "nsameta/device.h"
#include "nsameta/nsameta.hpp"
#include "on_threads.h"
#include "recipes.h"

using namespace nsameta::test;
namespace harness = nsameta::harness;

namespace {

constexpr int threads = 64, rounds = 3;
constexpr nsameta_target on_simt[]{{NSAMETA_DEVICE_SIMT, 0, nullptr, 0}, {NSAMETA_DEVICE_SIMT, 1, nullptr, 0}};
constexpr nsameta_target on_cuda[]{{NSAMETA_DEVICE_CUDA, 0, nullptr, 0}, {NSAMETA_DEVICE_CUDA, 1, nullptr, 0}};

/// What threads that make the same call must agree on.
class agreement {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    seen_.insert(what);
  }
  std::string broken() const {
    return seen_.size() == 1 ? "" : std::to_string(seen_.size()) + " answers in place of 1";
  }

 private:
  std::mutex mutex_;
  std::set<std::string> seen_;
};

std::string describe(const nsameta_decision& decision) {
  std::string text = std::string(decision.backend) + "/" + decision.variant + ":" + std::to_string(decision.device) +
                     " " + decision.rule;
  for (int i = 0; i < decision.rejection_count; ++i)
    text += std::string("; ") + decision.rejections[i].candidate + ": " + decision.rejections[i].why;
  return text;
}

nsameta_decision empty_decision() {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  return decision;
}

/// A call, on a fill that the thread has ready.
struct call {
  const char* name;
  harness::case_recipe (*recipe)(int number);
  std::string (*make)(filling&, agreement&);  ///< "" or what went wrong; the agreement is with others of the same call
};

std::string explain(const nsameta_target& target, agreement& all) {
  static const filling same(small_recipe(0));
  nsameta_decision decision = empty_decision();
  const std::string said = complaint("explain", nsameta_explain(&same.problem(), &same.outputs(), &target, &decision));
  all.add(describe(decision));
  return said;
}

constexpr call calls[] = {
    {"fill, host", small_recipe, [](filling& own, agreement&) { return own.wrong_after_fill(); }},
    {"fill, host, large", large_recipe, [](filling& own, agreement&) { return own.wrong_after_fill(); }},
    {"fill, auto", small_recipe, [](filling& own, agreement&) { return own.wrong_after_fill(anywhere); }},
    {"fill, simt:0", small_recipe, [](filling& own, agreement&) { return own.wrong_after_fill(on_simt[0]); }},
    {"fill, simt:1", small_recipe, [](filling& own, agreement&) { return own.wrong_after_fill(on_simt[1]); }},
    {"fill, cuda:0", small_recipe, [](filling& own, agreement&) { return own.wrong_after_fill(on_cuda[0]); }},
    {"fill, cuda:1", small_recipe, [](filling& own, agreement&) { return own.wrong_after_fill(on_cuda[1]); }},
    {"fill_on cpu/tbb", large_recipe, [](filling& own, agreement&) { return own.wrong_after_fill_on("cpu/tbb"); }},
    {"fill_many", small_recipe,
     [](filling& own, agreement&) {
       const nsameta_status status = nsameta_fill_many(&own.problem(), &own.outputs(), 1, &on_host);
       return status == NSAMETA_OK ? own.wrong() : complaint("fill_many", status);
     }},
    {"fill_draft_extend_metadata", small_recipe,
     [](filling&, agreement&) {
       const std::int32_t seq[]{20, 1, 9}, extend[]{3, 6, 0}, expected[]{18, 19, 20, 0, 0, 0, 0, 0, 1};
       std::int32_t expanded[9]{}, clamped[9]{}, total = 0;
       const std::string said =
           complaint("draft_extend", nsameta_fill_draft_extend_metadata(
                                         {extend, 1, NSAMETA_INT32}, {seq, 1, NSAMETA_INT32}, 3, 19,
                                         {expanded, 9, NSAMETA_INT32}, {clamped, 9, NSAMETA_INT32}, &total, &on_host));
       const bool right = std::ranges::equal(expanded, expected) && clamped[2] == 19 && total == 9;
       return said + (right ? "" : "wrong rows");
     }},
    {"explain, host", small_recipe, [](filling&, agreement& all) { return explain(on_host, all); }},
    {"explain, cuda", small_recipe, [](filling&, agreement& all) { return explain(on_cuda[1], all); }},
    {"warm-up, all", small_recipe,
     [](filling&, agreement&) { return complaint("warm-up", nsameta_warmup(&anywhere)); }},
    {"warm-up, cuda:1", small_recipe,
     [](filling&, agreement&) { return complaint("warm-up", nsameta_warmup(&on_cuda[1])); }},
    {"get_kernel_info", small_recipe,
     [](filling&, agreement& all) {
       nsameta_decision decision = empty_decision();
       const std::string said = complaint("kernel info", nsameta_get_kernel_info(64, 4, &anywhere, &decision));
       all.add(describe(decision));
       return said;
     }},
    {"backends", small_recipe,
     [](filling&, agreement& all) -> std::string {
       std::string text;
       for (const nsameta_backend_info& each : nsameta::backends())
         text += std::string(each.name) + " " + each.version + " " + std::to_string(each.state) + " " + each.reason +
                 " " + std::to_string(each.device_count) + "; ";
       all.add(text);
       return "";
     }},
    {"device", small_recipe,
     [](filling&, agreement& all) {
       nsameta_device_info info{};
       const std::string said = complaint("device", nsameta_device("cuda", 1, &info));
       all.add(std::string(info.name) + info.architecture + std::to_string(info.multiprocessors));
       return said;
     }},
    {"device memory and streams", small_recipe,
     [](filling&, agreement&) {
       void *memory = nullptr, *stream = nullptr;
       std::string said = complaint("allocate", nsameta_device_allocate("cuda", 0, 64, &memory));
       said += complaint("stream", nsameta_stream_create("simt", 1, &stream));
       said += complaint("destroy", nsameta_stream_destroy("simt", 1, stream));
       return said + complaint("release", nsameta_device_release("cuda", 0, memory));
     }},
    {"a refusal", small_recipe,
     [](filling&, agreement&) {
       return unless_refused("null", nsameta_fill(nullptr, nullptr, nullptr), NSAMETA_INVALID_ARGUMENT,
                             "problem is null");
     }},
};

std::vector<std::string> logged;

/// Of each backend: it was opened and probed by one thread.
std::string initialisations() {
  std::string wrong;
  for (const char* backend : {"reference", "cpu", "simt", "cuda", "hip"}) {
    const auto probes = std::ranges::count_if(
        logged, [&](const std::string& line) { return line.starts_with(std::string("loader: ") + backend + ": "); });
    if (probes != 1) wrong += std::string(backend) + " was probed " + std::to_string(probes) + " times; ";
  }
  const auto openings_of = [](const std::string& file) {
    return std::ranges::count_if(
        logged, [&](const std::string& line) { return line.starts_with("loader: opening ") && line.ends_with(file); });
  };
  if (openings_of("/nsameta_cuda.so") != 1) wrong += "the stand-in was not opened once; ";
  if (openings_of("/nsameta_hip.so") > 1) wrong += "the HIP module, where there is one, was opened again";
  return wrong;
}

std::string first_calls(int round) {
  nsameta_set_log_callback([](const char* line, void*) { logged.emplace_back(line); }, nullptr);
  const auto number_of = [&](int thread) { return static_cast<std::size_t>(thread + 7 * round) % std::size(calls); };
  std::vector<std::unique_ptr<filling>> fillings;
  for (int i = 0; i < threads; ++i) fillings.push_back(std::make_unique<filling>(calls[number_of(i)].recipe(i)));
  std::array<agreement, std::size(calls)> agreements;
  std::string said = complaints_of_threads(threads, [&](int thread) {
    const call& mine = calls[number_of(thread)];
    const std::string wrong = mine.make(*fillings[static_cast<std::size_t>(thread)], agreements[number_of(thread)]);
    return wrong.empty() ? "" : std::string(mine.name) + ": " + wrong;
  });
  for (std::size_t i = 0; i < std::size(calls); ++i)
    if (const std::string name = calls[i].name;
        name.starts_with("explain") || name == "backends" || name == "device" || name == "get_kernel_info")
      said += agreements[i].broken();
  return said + initialisations();
}

}  // namespace

TEST_SUITE_BEGIN("first calls");

TEST_CASE("64 threads make the first calls together" * doctest::skip()) {
  for (int round = 0; round < rounds; ++round)
    CHECK(in_child(ending::by_exit, [round] { return first_calls(round); }) == "");
}

TEST_SUITE_END();
