#include "backend_option.h"

#include <algorithm>

#include "harness/library_error.h"

namespace nsameta::cli {

void add_backend_option(CLI::App& command, std::string& text) {
  command
      .add_option("--backend", text,
                  "auto, reference, cpu, simt, cuda or hip, with optional :index and /variant, or an ordered list of "
                  "them. Data lives on the device of the backend; auto keeps it on the host")
      ->envname("NSAMETA_BACKEND")
      ->type_name("NAME");
}

harness::device_place apply_backend(const std::string& text) {
  if (!text.empty()) harness::check(nsameta_set_override(text.c_str()));
  const auto backends = harness::list_backends();
  for (const std::string& entry : harness::split_list(text)) {
    const harness::device_place place = harness::place_of(entry);
    const bool ready = std::any_of(backends.begin(), backends.end(), [&](const nsameta_backend_info& info) {
      return info.name == place.backend && info.state == NSAMETA_BACKEND_READY;
    });
    if (ready) return place;
  }
  return {};
}

}  // namespace nsameta::cli
