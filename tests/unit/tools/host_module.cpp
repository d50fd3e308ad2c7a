/// A backend module without a device behind it, in place of the CUDA module: its memory is the host's, its streams run
/// at once, and what it computes is left to module_fill.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "module_fill.h"

namespace nsameta {
namespace {

nsameta_backend_state probe(std::int32_t* count, failure_text*) {
  *count = 1;
  return NSAMETA_BACKEND_READY;
}

nsameta_status describe(std::int32_t, nsameta_device_info* info, failure_text*) {
  *info = {};
  std::strcpy(info->name, "host");
  info->warp_width = 32;
  info->has_code = 1;
  return NSAMETA_OK;
}

nsameta_status locate(const void*, memory_place* place, failure_text*) {
  *place = {memory_kind::host_reachable, 0};
  return NSAMETA_OK;
}

nsameta_status warm_up(std::int32_t, failure_text*) { return NSAMETA_OK; }

struct recorded_fill {
  nsameta_problem problem;
  std::vector<nsameta_outputs> sets;
};
using graph = std::vector<recorded_fill>;
graph* recording = nullptr;  // of the one capture at a time

nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count,
                    const launch_policy&, launch_place, failure_text*) {
  if (recording != nullptr) {
    recording->push_back({problem, {sets, sets + count}});
  } else {
    module_fill(problem, sets, count);
  }
  return NSAMETA_OK;
}

nsameta_status allocate(std::int32_t, std::size_t bytes, void** out, failure_text*) {
  *out = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  return *out != nullptr ? NSAMETA_OK : NSAMETA_OUT_OF_MEMORY;
}

nsameta_status release(std::int32_t, void* memory, failure_text*) {
  std::free(memory);
  return NSAMETA_OK;
}

nsameta_status copy(launch_place, void* to, const void* from, std::size_t bytes, failure_text*) {
  std::memcpy(to, from, bytes);
  return NSAMETA_OK;
}

nsameta_status synchronize(launch_place, failure_text*) { return NSAMETA_OK; }

nsameta_status is_capturing(launch_place, bool* capturing, failure_text*) {
  *capturing = recording != nullptr;
  return NSAMETA_OK;
}

nsameta_status create_stream(std::int32_t, void** stream, failure_text*) {
  *stream = new char;
  return NSAMETA_OK;
}

nsameta_status destroy_stream(launch_place place, failure_text*) {
  delete static_cast<char*>(place.stream);
  return NSAMETA_OK;
}

nsameta_status begin_capture(launch_place, failure_text*) {
  recording = new graph;
  return NSAMETA_OK;
}

nsameta_status end_capture(launch_place, void** captured, failure_text*) {
  *captured = recording;
  recording = nullptr;
  return NSAMETA_OK;
}

nsameta_status launch_graph(launch_place, void* captured, failure_text*) {
  for (const recorded_fill& each : *static_cast<graph*>(captured))
    module_fill(each.problem, each.sets.data(), static_cast<std::int64_t>(each.sets.size()));
  return NSAMETA_OK;
}

nsameta_status destroy_graph(std::int32_t, void* captured, failure_text*) {
  delete static_cast<graph*>(captured);
  return NSAMETA_OK;
}

constexpr const char* variants[] = {"block256", nullptr};

constexpr backend_interface table{backend_interface_version,
                                  NSAMETA_DEVICE_CUDA,
                                  "cuda",
                                  "0",
                                  variants,
                                  probe,
                                  describe,
                                  locate,
                                  warm_up,
                                  fill,
                                  {allocate, release, copy, synchronize, is_capturing, create_stream, destroy_stream,
                                   begin_capture, end_capture, launch_graph, destroy_graph}};

}  // namespace
}  // namespace nsameta

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry_v1() {
  return &nsameta::table;
}
