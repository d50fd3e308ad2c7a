#include "backend_choice.h"

#include <algorithm>

#include "harness/library_error.h"

namespace nsameta::cli {

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
