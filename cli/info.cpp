/// nsameta info: what can run here, what cannot and why, and what would run for a few typical batches.
#include <array>
#include <iostream>
#include <string>
#include <vector>

#include "commands.h"
#include "decision_json.h"
#include "harness/backend_name.h"
#include "harness/problem_data.h"
#include "messages.h"
#include "text_table.h"

namespace nsameta::cli {
namespace {

constexpr std::array<std::int64_t, 4> typical_batches{1, 32, 512, 4096};
constexpr std::int64_t draft_tokens = 4;

const char* state_name(nsameta_backend_state state) {
  switch (state) {
    case NSAMETA_BACKEND_READY:
      return "ready";
    case NSAMETA_BACKEND_NOT_BUILT:
      return "not_built";
    case NSAMETA_BACKEND_NOT_FOUND:
      return "not_found";
    case NSAMETA_BACKEND_INCOMPATIBLE:
      return "incompatible";
    case NSAMETA_BACKEND_NO_DRIVER:
      return "no_driver";
    case NSAMETA_BACKEND_NO_DEVICE:
      return "no_device";
    case NSAMETA_BACKEND_NO_CODE:
      return "no_code";
    case NSAMETA_BACKEND_FORKED:
      return "forked";
  }
  return "?";
}

struct device {
  std::string name;  ///< "cuda:0"
  nsameta_device_info info;
};

/// What would run for data on one kind of device.
struct expectation {
  std::string memory;
  std::int64_t batch_size;
  nsameta_decision decision;
  std::string failure;  ///< "" when something would run
};

std::vector<device> list_devices(const std::vector<nsameta_backend_info>& backends) {
  std::vector<device> devices;
  for (const nsameta_backend_info& backend : backends)
    for (std::int32_t i = 0; i < backend.device_count; ++i) {
      device found{std::string(backend.name) + ":" + std::to_string(i), {}};
      if (nsameta_device(backend.name, i, &found.info) == NSAMETA_OK) devices.push_back(found);
    }
  return devices;
}

expectation expect(const std::string& memory, const harness::device_place& place, std::int64_t batch_size) {
  harness::problem_data data;
  data.mode = NSAMETA_TARGET_VERIFY;
  data.uniform_extend_len = draft_tokens;
  data.seq_lens = harness::strided_values(std::vector<std::int64_t>(static_cast<std::size_t>(batch_size), 1));
  const nsameta_problem problem = data.view();  // lengths are never read: any memory stands for the device's
  const nsameta_target target = place.target();
  expectation result{memory, batch_size, {}, ""};
  result.decision.struct_size = sizeof result.decision;
  if (nsameta_explain(&problem, nullptr, &target, &result.decision) != NSAMETA_OK)
    result.failure = nsameta_last_error();
  return result;
}

std::vector<expectation> list_expectations(const std::vector<nsameta_backend_info>& backends) {
  std::vector<expectation> all;
  for (const std::int64_t batch_size : typical_batches) all.push_back(expect("host", {}, batch_size));
  for (const nsameta_backend_info& backend : backends) {
    const harness::device_place place{backend.name, 0};
    if (place.on_host() || backend.state != NSAMETA_BACKEND_READY) continue;
    for (const std::int64_t batch_size : typical_batches) all.push_back(expect(backend.name, place, batch_size));
  }
  return all;
}

void print_tables(const std::vector<nsameta_backend_info>& backends, const std::vector<device>& devices,
                  const std::vector<expectation>& expectations) {
  text_table backend_table({"backend", "state", "version", ">devices", "reason"});
  for (const nsameta_backend_info& backend : backends)
    backend_table.add_row({backend.name, state_name(backend.state), backend.version,
                           std::to_string(backend.device_count), backend.reason});
  backend_table.print(std::cout);

  std::cout << '\n';
  text_table device_table({"device", "name", "architecture", ">units", ">warp", ">memory GiB", "code"});
  for (const auto& [name, info] : devices)
    device_table.add_row({name, info.name, info.architecture, std::to_string(info.multiprocessors),
                          std::to_string(info.warp_width), fixed(static_cast<double>(info.memory_bytes) / (1 << 30), 1),
                          info.has_code != 0 ? "yes" : "no"});
  device_table.print(std::cout);

  std::cout << "\nWhat would run for target_verify with " << draft_tokens << " draft tokens:\n";
  text_table kernel_table({"memory", ">requests", "kernel", "why"});
  for (const expectation& e : expectations) {
    const bool runs = e.failure.empty();
    kernel_table.add_row({e.memory, std::to_string(e.batch_size),
                          runs ? std::string(e.decision.backend) + "/" + e.decision.variant : "none",
                          runs ? e.decision.rule : e.failure});
  }
  kernel_table.print(std::cout);
}

void print_json(const std::vector<nsameta_backend_info>& backends, const std::vector<device>& devices,
                const std::vector<expectation>& expectations) {
  harness::json object{
      {"backends", harness::json::array()}, {"devices", harness::json::array()}, {"kernels", harness::json::array()}};
  for (const nsameta_backend_info& backend : backends)
    object["backends"].push_back({{"name", backend.name},
                                  {"state", state_name(backend.state)},
                                  {"version", backend.version},
                                  {"devices", backend.device_count},
                                  {"reason", backend.reason}});
  for (const auto& [name, info] : devices)
    object["devices"].push_back({{"device", name},
                                 {"name", info.name},
                                 {"architecture", info.architecture},
                                 {"multiprocessors", info.multiprocessors},
                                 {"warp_width", info.warp_width},
                                 {"memory_bytes", info.memory_bytes},
                                 {"has_code", info.has_code != 0}});
  for (const expectation& e : expectations) {
    harness::json kernel{{"memory", e.memory}, {"batch_size", e.batch_size}};
    if (e.failure.empty()) {
      kernel["decision"] = decision_to_json(e.decision);
    } else {
      kernel["failure"] = e.failure;
    }
    object["kernels"].push_back(kernel);
  }
  std::cout << json_text(object) << '\n';
}

}  // namespace

int run_info(const info_options& options) {
  const auto backends = harness::list_backends();
  const auto devices = list_devices(backends);
  const auto expectations = list_expectations(backends);
  (options.json ? print_json : print_tables)(backends, devices, expectations);
  return success;
}

}  // namespace nsameta::cli
