#include "fakes.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "buffers.h"

namespace nsameta::test {
namespace {

constexpr std::size_t block_elements = 16;

// Backend tables are plain functions without a context: the world they act in stands here, one at a time.
fake_world* world = nullptr;
const char* environment_text = nullptr;

nsameta_status say(nsameta_status status, failure_text* why) {
  std::snprintf(why->text, sizeof why->text, "the fake fails");
  return status;
}

const fake_memory* find_memory(const void* pointer) {
  auto after = world->memory.upper_bound(pointer);
  if (after == world->memory.begin()) return nullptr;
  --after;
  const auto* begin = static_cast<const char*>(after->first);
  return static_cast<const char*>(pointer) < begin + after->second.bytes ? &after->second : nullptr;
}

bool is_gpu(int id) { return id == id_cuda || id == id_hip; }

bool reaches(int id, std::int32_t device, const void* pointer) {
  const fake_memory* found = find_memory(pointer);
  if (found == nullptr) return !is_gpu(id);
  if (found->kind == memory_kind::host_reachable) return !is_gpu(id) || found->backend == id;
  return found->backend == id && found->device == device;
}

template <int Id>
struct fake {
  static fake_backend& self() { return (*world)[Id]; }

  static nsameta_backend_state probe(std::int32_t* count, failure_text* why) {
    ++self().probes;
    *count = self().state == NSAMETA_BACKEND_READY ? self().device_count : 0;
    std::snprintf(why->text, sizeof why->text, "%s", self().reason.c_str());
    return self().state;
  }
  static nsameta_status describe(std::int32_t device, nsameta_device_info* info, failure_text*) {
    *info = {};
    std::snprintf(info->architecture, sizeof info->architecture, "fake_%d", device);
    info->multiprocessors = 10;
    info->has_code = device < self().first_device_without_code ? 1 : 0;
    return NSAMETA_OK;
  }
  static nsameta_status locate(const void* pointer, memory_place* place, failure_text* why) {
    ++self().locates;
    if (self().locate_status != NSAMETA_OK) return say(self().locate_status, why);
    const fake_memory* found = find_memory(pointer);
    const bool own = found != nullptr && found->backend == Id;
    *place = own ? memory_place{found->kind, found->device} : memory_place{memory_kind::unknown, 0};
    return NSAMETA_OK;
  }
  static nsameta_status warm_up(std::int32_t device, failure_text*) {
    self().warm_ups.push_back(device);
    return NSAMETA_OK;
  }

  /// cache_seqlens = seq_lens, total_rows = the backend's id.
  static nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count,
                             const launch_policy& policy, launch_place place, failure_text* why) {
    for (std::int64_t set = 0; set < count; ++set)
      if (auto status = fill_set(problem, sets[set], policy, place, why); status != NSAMETA_OK) return status;
    return NSAMETA_OK;
  }
  static nsameta_status fill_set(const nsameta_problem& problem, const nsameta_outputs& outputs,
                                 const launch_policy& policy, launch_place place, failure_text* why) {
    bool reached_all = true;
    for_each_buffer(problem, outputs, [&](const buffer&, const auto& data) {
      reached_all = reached_all && reaches(Id, place.device, data);
    });
    self().fills.push_back({policy, place, reached_all});
    auto* cache = static_cast<std::int32_t*>(outputs.cache_seqlens.data);
    const auto* lengths = static_cast<const std::int32_t*>(problem.seq_lens.data);
    for (std::int64_t i = 0; cache != nullptr && i < problem.batch_size; ++i) {
      cache[i] = lengths[i * problem.seq_lens.stride];
    }
    if (self().fill_status != NSAMETA_OK) return say(self().fill_status, why);
    if (outputs.total_rows.data != nullptr) *static_cast<std::int32_t*>(outputs.total_rows.data) = Id;
    return NSAMETA_OK;
  }

  static nsameta_status allocate(std::int32_t device, std::size_t bytes, void** out, failure_text* why) {
    if (self().allocate_status != NSAMETA_OK) return say(self().allocate_status, why);
    *out = std::malloc(bytes);
    if (is_gpu(Id)) world->memory[*out] = {Id, memory_kind::device, device, bytes};
    ++self().live_allocations;
    return NSAMETA_OK;
  }
  static nsameta_status release(std::int32_t, void* memory, failure_text*) {
    world->memory.erase(memory);
    std::free(memory);
    --self().live_allocations;
    return NSAMETA_OK;
  }
  static nsameta_status copy(launch_place place, void* to, const void* from, std::size_t bytes, failure_text* why) {
    self().copy_streams.push_back(place.stream);
    if (self().copies_before_failure-- == 0) return say(NSAMETA_DEVICE_ERROR, why);
    std::memcpy(to, from, bytes);
    return NSAMETA_OK;
  }
  static nsameta_status is_capturing(launch_place, bool* capturing, failure_text*) {
    *capturing = self().capturing;
    return NSAMETA_OK;
  }

  static const char* name_kernel(const nsameta_problem&, const nsameta_outputs*, std::int64_t count,
                                 const launch_policy&) {
    return count > 1 ? "of_sets" : "of_one";
  }

  static constexpr const char* variants_of_reference[] = {"scalar", nullptr};
  static constexpr const char* variants_of_cpu[] = {"auto", "serial", "tbb", nullptr};
  static constexpr const char* variants_of_gpus[] = {"block256", "other", nullptr};
  static constexpr backend_interface table{
      .interface_version = backend_interface_version,
      .kind = all_backends[Id].kind,
      .name = all_backends[Id].name,
      .version = "fake",
      .variants = Id == id_reference ? variants_of_reference
                  : Id == id_cpu     ? variants_of_cpu
                                     : variants_of_gpus,
      .probe = probe,
      .describe = describe,
      .locate = locate,
      .warm_up = warm_up,
      .fill = fill,
      .services = {.allocate = allocate,
                   .release = release,
                   .copy = copy,
                   .synchronize = nullptr,
                   .is_capturing = is_capturing,
                   .create_stream = nullptr,
                   .destroy_stream = nullptr,
                   .begin_capture = nullptr,
                   .end_capture = nullptr,
                   .launch_graph = nullptr,
                   .destroy_graph = nullptr},
      .kernel_name = all_backends[Id].kind == NSAMETA_DEVICE_HOST ? nullptr : name_kernel,
  };

  /// States of a missing module come from the opener, those of the driver and the devices from the probe.
  static opened_backend open() {
    ++self().openings;
    const bool missing = self().state == NSAMETA_BACKEND_NOT_BUILT || self().state == NSAMETA_BACKEND_NOT_FOUND ||
                         self().state == NSAMETA_BACKEND_INCOMPATIBLE;
    if (missing) return {nullptr, self().state, self().reason};
    return {&table, NSAMETA_BACKEND_READY, ""};
  }
};

}  // namespace

fake_world::fake_world(const char* environment)
    : backends(
          {fake<id_reference>::open, fake<id_cpu>::open, fake<id_simt>::open, fake<id_cuda>::open, fake<id_hip>::open}),
      setting([] { return environment_text; }),
      dispatch(backends, setting) {
  world = this;
  environment_text = environment;
  (*this)[id_hip].state = NSAMETA_BACKEND_NO_DRIVER;
  (*this)[id_hip].reason = "the fake has no driver";
  nsameta_problem_init(&problem);
  problem.batch_size = 4;
  nsameta_outputs_init(&outputs);
  put_inputs(host_seq_lens.data());
  put_outputs(host_cache_seqlens.data());
  decision.struct_size = sizeof decision;
}

fake_world::~fake_world() { world = nullptr; }

void fake_world::put_inputs(std::int32_t* seq_lens) {
  std::copy(host_seq_lens.begin(), host_seq_lens.end(), seq_lens);
  problem.seq_lens = {seq_lens, 1, NSAMETA_INT32};
}

void fake_world::put_outputs(std::int32_t* cache_seqlens) {
  std::fill_n(cache_seqlens, block_elements, -1);
  outputs.cache_seqlens = {cache_seqlens, 8, NSAMETA_INT32};
  outputs.total_rows = {cache_seqlens + 8, 1, NSAMETA_INT32};
}

void fake_world::put_all_on(int id, std::int32_t device) {
  put_inputs(on_device(id, device));
  put_outputs(on_device(id, device));
}

std::int32_t* fake_world::place(int id, memory_kind kind, std::int32_t device) {
  blocks_.push_back(std::make_unique<std::int32_t[]>(block_elements));
  memory[blocks_.back().get()] = {id, kind, device, block_elements * sizeof(std::int32_t)};
  return blocks_.back().get();
}

std::string fake_world::decided() {
  if (explain() != NSAMETA_OK) return "nobody";
  std::string text = std::string(decision.backend) + "/" + decision.variant;
  if (decision.device != 0) text.append("@").append(std::to_string(decision.device));
  return text + (decision.staged != 0 ? " staged" : "");
}

nsameta_rejection fake_world::rejection(const std::string& candidate) const {
  for (int i = 0; i < decision.rejection_count; ++i) {
    if (candidate == decision.rejections[i].candidate) return decision.rejections[i];
  }
  return {};
}

}  // namespace nsameta::test
