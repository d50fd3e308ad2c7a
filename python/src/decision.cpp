#include "decision.h"

#include <charconv>
#include <memory>
#include <vector>

#include "backends.h"
#include "errors.h"

namespace nsameta::python {
namespace {

const char* state_name(nsameta_backend_state state) {
  constexpr const char* names[] = {"ready",     "not_built", "not_found", "incompatible",
                                   "no_driver", "no_device", "no_code",   "forked"};
  return names[state];
}

const char* code_name(nsameta_rejection_code code) {
  constexpr const char* names[] = {"unavailable", "not_requested", "unreachable", "wrong_target", "order"};
  return names[code - 1];
}

std::vector<nsameta_backend_info> find_backends() {
  return without_gil([] {
    std::vector<nsameta_backend_info> found(nsameta_backends(nullptr, 0));
    nsameta_backends(found.data(), found.size());
    return found;
  });
}

/// That a kind of device has one of that index. What is missing altogether is the library's to say.
void check_index(const std::string& device, const std::string& kind, std::int32_t index) {
  if (index > 0 && kind == "auto") throw invalid_argument("device is '" + device + "', but auto takes no index");
  for (const nsameta_backend_info& each : index > 0 ? find_backends() : std::vector<nsameta_backend_info>())
    if (each.name == kind && each.device_count > 0 && index >= each.device_count)
      throw invalid_argument("device is '" + device + "', but " + kind + " has " + std::to_string(each.device_count) +
                             (each.device_count == 1 ? " device" : " devices"));
}

}  // namespace

nsameta_target to_target(const std::string& device) {
  const std::size_t colon = device.find(':');
  std::int32_t index = 0;
  bool good = true;
  if (colon != std::string::npos) {
    const char* end = device.data() + device.size();
    const auto read = std::from_chars(device.data() + colon + 1, end, index);
    good = read.ec == std::errc{} && read.ptr == end && index >= 0;
  }
  std::string known;
  for (std::size_t kind = 0; kind < device_kind_names.size(); ++kind) {
    const std::string name = kind == NSAMETA_DEVICE_HOST ? "cpu" : device_kind_names[kind];  // as arrays call it
    if (good && device.compare(0, colon, name) == 0) {
      check_index(device, name, index);
      return {static_cast<nsameta_device_kind>(kind), index, nullptr, 0};
    }
    known += (known.empty() ? "" : ", ") + name;
  }
  throw invalid_argument("device is '" + device + "', none of " + known + ", with an optional :index");
}

nb::dict decide(const std::function<nsameta_status(nsameta_decision*)>& ask) {
  const auto decision = std::make_unique<nsameta_decision>();
  decision->struct_size = sizeof *decision;
  const nsameta_status status = without_gil([&] { return ask(decision.get()); });
  if (status == NSAMETA_INVALID_ARGUMENT) check(status);
  nb::dict record;
  record["error"] = nb::none();
  if (status != NSAMETA_OK)
    record["error"] = to_python(std::string(nsameta_status_name(status)) + ": " + nsameta_last_error());
  record["backend"] = decision->backend;
  record["variant"] = decision->variant;
  record["device"] = decision->device;
  record["staged"] = decision->staged != 0;
  record["row_bound"] = decision->row_bound;
  record["kernel"] = decision->kernel;
  record["rule"] = decision->rule;
  record["override"] = to_python(decision->override_text);
  nb::list rejections;
  for (std::int32_t i = 0; i < decision->rejection_count; ++i) {
    const nsameta_rejection& each = decision->rejections[i];
    nb::dict rejection;
    rejection["candidate"] = to_python(each.candidate);
    rejection["code"] = code_name(each.code);
    rejection["why"] = to_python(each.why);
    rejections.append(rejection);
  }
  record["rejections"] = rejections;
  return record;
}

nb::list list_backends() {
  nb::list records;
  for (const nsameta_backend_info& each : find_backends()) {
    nb::dict record;
    record["name"] = each.name;
    record["version"] = to_python(each.version);
    record["state"] = state_name(each.state);
    record["reason"] = to_python(each.reason);
    record["devices"] = each.device_count;
    records.append(record);
  }
  return records;
}

}  // namespace nsameta::python
