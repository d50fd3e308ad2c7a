// A call equal to the thread's last one is not checked again. Nothing else may profit from that.
#include <cstring>
#include <thread>

#include "expect.h"
#include "fakes.h"
#include "fields.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

/// What a fill answered, and how it ran.
struct answer {
  nsameta_status status;
  std::string sentence;
  launch_policy policy{};
  launch_place place{};
  const nsameta_outputs* outputs = nullptr;

  bool operator==(const answer& other) const {
    return status == other.status && sentence == other.sentence && outputs == other.outputs &&
           policy.variant == other.policy.variant && policy.row_bound == other.policy.row_bound &&
           policy.grain_rows == other.policy.grain_rows && policy.block_threads == other.policy.block_threads &&
           policy.max_blocks == other.policy.max_blocks && place.device == other.place.device &&
           place.stream == other.place.stream && place.overlaps == other.place.overlaps;
  }
};

/// A backend that touches no buffer, because addresses are spoiled here, and tells how it was called.
answer* listener = nullptr;
int fills = 0;

nsameta_status listen(const nsameta_problem&, const nsameta_outputs* outputs, std::int64_t, const launch_policy& policy,
                      launch_place place, failure_text*) {
  ++fills;
  listener->policy = policy;
  listener->place = place;
  listener->outputs = outputs;
  return NSAMETA_OK;
}

template <int id>
opened_backend open_listener() {
  static constexpr const char* host_variants[] = {"serial", "tbb", nullptr};
  static constexpr const char* gpu_variants[] = {"block256", nullptr};
  static const backend_interface table = [] {
    backend_interface made{};
    made.interface_version = backend_interface_version;
    made.kind = all_backends[id].kind;
    made.name = all_backends[id].name;
    made.version = "";
    made.variants = id == id_cpu ? host_variants : gpu_variants;
    made.probe = [](std::int32_t* count, failure_text*) {
      *count = 2;
      return NSAMETA_BACKEND_READY;
    };
    made.describe = [](std::int32_t, nsameta_device_info* info, failure_text*) {
      *info = {};
      info->has_code = 1;
      info->multiprocessors = 7;
      return NSAMETA_OK;
    };
    made.locate = [](const void*, memory_place* place, failure_text*) {
      *place = {memory_kind::unknown, 0};
      return NSAMETA_OK;
    };
    made.fill = listen;
    return made;
  }();
  if (id == id_cpu || id == id_cuda || id == id_simt) return {&table, NSAMETA_BACKEND_READY, ""};
  return {nullptr, NSAMETA_BACKEND_NOT_BUILT, "not here"};
}

backend_openers listeners() {
  return {open_listener<id_reference>, open_listener<id_cpu>, open_listener<id_simt>, open_listener<id_cuda>,
          open_listener<id_hip>};
}

struct listening {
  registry backends{listeners(), policy_table()};
  override_setting setting{[]() -> const char* { return nullptr; }};
  dispatcher dispatch{backends, setting};
  alignas(8) std::int32_t inputs[4][16]{}, results[14][64]{};
  alignas(8) nsameta_problem problem;
  alignas(8) nsameta_outputs outputs;
  nsameta_target target;

  explicit listening(nsameta_device_kind kind) : target{kind, 0, nullptr, 0} {
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DRAFT_EXTEND;
    problem.batch_size = 4;
    problem.seq_lens.data = inputs[0];
    problem.extend_seq_lens.data = inputs[1];
    problem.req_pool_indices.data = inputs[2];
    problem.req_to_token = {inputs[3], 2, 8, 8};
    nsameta_outputs_init(&outputs);
    for (std::size_t i = 0; i < vector_fields.size(); ++i)
      if (!std::string(vector_fields[i].name).starts_with("indexer"))
        outputs.*vector_fields[i].member = {results[i], 32, NSAMETA_INT32};
    outputs.page_table_1 = {results[12], 8, 8, 8};
  }

  answer fill() {
    answer heard{NSAMETA_OK, ""};
    listener = &heard;
    heard.status = dispatch.fill(&problem, &outputs, &target);
    if (heard.status != NSAMETA_OK) heard.sentence = nsameta_last_error();
    return heard;
  }
  /// The answer of a thread that has accepted no call yet.
  answer fill_afresh() {
    answer heard;
    std::thread([&] { heard = fill(); }).join();
    return heard;
  }
};

/// Spoils every byte of one of the call's structures in turn, after an accepted call.
template <class Structure>
void spoil_each_byte(listening& call, Structure& structure) {
  auto* bytes = reinterpret_cast<unsigned char*>(&structure);
  for (std::size_t i = 0; i < sizeof structure; ++i)
    for (const int flip : {1, 2, 64, 255}) {
      REQUIRE(call.fill().status == NSAMETA_OK);
      bytes[i] ^= static_cast<unsigned char>(flip);
      const answer known = call.fill(), fresh = call.fill_afresh();
      bytes[i] ^= static_cast<unsigned char>(flip);
      CHECK_MESSAGE(known == fresh, "byte ", i, ": \"", known.sentence, "\", of a fresh thread \"", fresh.sentence,
                    "\"");
    }
}

}  // namespace

TEST_CASE("an accepted call hides no change of a single byte") {
  for (const nsameta_device_kind kind : {NSAMETA_DEVICE_HOST, NSAMETA_DEVICE_CUDA}) {
    listening call(kind);
    spoil_each_byte(call, call.problem);
    spoil_each_byte(call, call.outputs);
    spoil_each_byte(call, call.target);
  }
}

TEST_CASE("null arguments are told after an accepted call too") {
  listening call(NSAMETA_DEVICE_HOST);
  REQUIRE(call.fill().status == NSAMETA_OK);
  expect_failure(call.dispatch.fill(nullptr, &call.outputs, &call.target), NSAMETA_INVALID_ARGUMENT,
                 {"problem is null"});
  expect_failure(call.dispatch.fill(&call.problem, nullptr, &call.target), NSAMETA_INVALID_ARGUMENT,
                 {"outputs is null"});
  expect_failure(call.dispatch.fill(&call.problem, &call.outputs, nullptr), NSAMETA_INVALID_ARGUMENT,
                 {"target is null"});
}

TEST_CASE("a repeated call runs again, in the outputs of this time") {
  listening call(NSAMETA_DEVICE_CUDA);
  int stream = 0;
  call.target.stream = &stream;
  const answer first = call.fill();
  REQUIRE(first.status == NSAMETA_OK);
  CHECK(first.place.stream == &stream);
  const int before = fills;
  CHECK(call.fill() == first);
  CHECK(fills == before + 1);
  const nsameta_outputs equal = call.outputs;
  answer heard{NSAMETA_OK, ""};
  listener = &heard;
  CHECK(call.dispatch.fill(&call.problem, &equal, &call.target) == NSAMETA_OK);
  CHECK(heard.outputs == &equal);
}

TEST_CASE("a call accepted by one dispatcher says nothing to another") {
  fake_world host;
  host.target.kind = NSAMETA_DEVICE_HOST;
  REQUIRE(host.fill() == NSAMETA_OK);
  override_setting forced([]() -> const char* { return "reference"; });
  dispatcher other(host.backends, forced);
  REQUIRE(other.fill(&host.problem, &host.outputs, &host.target) == NSAMETA_OK);
  CHECK(host[id_reference].fills.size() == 1);
}

TEST_CASE("auto asks where the memory is at every call") {
  fake_world world;
  world.put_all_on(id_cuda);
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(world.fill() == NSAMETA_OK);
    CHECK(world[id_cuda].locates == 3 * i);
  }
  world.memory.clear();  // freed, and the addresses are the host's now
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(world[id_cpu].fills.size() == 1);
}

TEST_CASE("the short way chooses what the long way explains") {
  for (const nsameta_device_kind kind : {NSAMETA_DEVICE_HOST, NSAMETA_DEVICE_CUDA, NSAMETA_DEVICE_SIMT})
    for (std::int64_t bound = 1; bound < (std::int64_t{1} << 40); bound *= 3)
      for (const std::int64_t width : {0, 64, 163840, 1 << 24}) {
        fake_world world;
        world[id_cuda].device_count = world[id_simt].device_count = 3;
        world.target = {kind, kind == NSAMETA_DEVICE_HOST ? 0 : 2, nullptr, 0};
        world.problem.mode = NSAMETA_EXTEND;
        world.problem.extend_seq_lens = world.problem.seq_lens;
        world.outputs.cache_seqlens = world.outputs.total_rows = {};
        world.outputs.token_to_batch = {reinterpret_cast<void*>(std::uintptr_t{1} << 44), bound, NSAMETA_INT32};
        if (width > 0) {
          world.problem.req_pool_indices = world.problem.seq_lens;
          world.problem.req_to_token = {world.host_seq_lens.data(), 1, width, width};
          world.outputs.page_table_1 = {reinterpret_cast<std::int32_t*>(std::uintptr_t{1} << 43), 4, width, width};
        }
        REQUIRE(world.explain() == NSAMETA_OK);
        REQUIRE(world.fill() == NSAMETA_OK);
        const auto& ran = world[find_backend(world.decision.backend)].fills;
        REQUIRE(ran.size() == 1);
        CHECK(ran[0].policy.row_bound == world.decision.row_bound);
        CHECK(ran[0].policy.grain_rows == world.decision.grain_rows);
        CHECK(ran[0].policy.block_threads == world.decision.block_threads);
        CHECK(ran[0].policy.max_blocks == world.decision.max_blocks);
        CHECK(ran[0].place.device == world.decision.device);
      }
}
