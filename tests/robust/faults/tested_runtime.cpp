#include "tested_runtime.h"

#include <optional>

#include "backend.h"
#include "backends.h"
#include "process.h"

namespace nsameta {
namespace test {
namespace {

std::optional<tested_runtime> chosen;

}  // namespace

const tested_runtime& vendor() { return *chosen; }

const char* choose_runtime(std::string_view name) {
  if (name == "simt") chosen = simt_runtime();
#if NSAMETA_FAULTS_ON_CUDA
  if (name == "cuda") chosen = cuda_runtime();
#endif
  if (!chosen) return "this build has no such runtime";
  const backend_record& backend = process_registry().at(id_cuda);
  return backend.ready() ? "" : backend.reason.c_str();
}

int device_count() { return static_cast<int>(process_registry().at(id_cuda).devices.size()); }

}  // namespace test

/// Takes the place of the library's own list.
backend_openers built_in_openers() {
  const auto linked = [](const backend_interface& table) {
    return [&table] { return opened_backend{&table, NSAMETA_BACKEND_READY, ""}; };
  };
  return {linked(reference_backend()), linked(cpu_backend()), linked(simt_backend()), linked(test::vendor().table()),
          [] { return opened_backend{nullptr, NSAMETA_BACKEND_NOT_BUILT, "left out of these tests"}; }};
}

}  // namespace nsameta
