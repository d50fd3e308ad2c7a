#include "candidates.h"

#include <algorithm>

#include "commands.h"
#include "harness/backend_name.h"
#include "harness/library_error.h"
#include "harness/nearest_name.h"
#include "harness/problem_data.h"
#include "nsameta/device.h"
#include "words.h"

namespace nsameta::cli {
namespace {

void add_devices(std::vector<candidate>& candidates, const nsameta_backend_info& backend) {
  if (backend.state != NSAMETA_BACKEND_READY) {
    candidates.push_back({backend.name, backend.reason});
  } else if (backend.device_count == 1) {
    candidates.push_back({backend.name, ""});
  } else {
    for (std::int32_t i = 0; i < backend.device_count; ++i)
      candidates.push_back({std::string(backend.name) + ":" + std::to_string(i), ""});
  }
}

/// Throws library_error when the index or the variant of `entry` is none of its backend's.
void require_existing(const std::string& entry) {
  const harness::problem_data empty;
  const nsameta_problem problem = empty.view();
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  const nsameta_target target = harness::place_of(entry).target();
  harness::check(nsameta_fill_on(entry.c_str(), &problem, &outputs, &target));
}

}  // namespace

const nsameta_backend_info& find_backend(const std::vector<nsameta_backend_info>& backends, const std::string& entry) {
  const std::string name = harness::place_of(entry).backend;
  const auto found =
      std::find_if(backends.begin(), backends.end(), [&](const nsameta_backend_info& b) { return b.name == name; });
  if (found != backends.end()) return *found;
  std::vector<std::string_view> names;
  for (const nsameta_backend_info& backend : backends) names.push_back(backend.name);
  const std::string nearest(nearest_backend(name));
  const bool helps = !nearest.empty() && nearest != "auto";  // which is for --backend alone
  throw usage_error("\"" + entry + "\" is no backend" + (helps ? "; did you mean \"" + nearest + "\"?" : ";") +
                    " valid are " + harness::join_names(names));
}

std::vector<candidate> list_candidates(const std::string& list) {
  const auto backends = harness::list_backends();
  std::vector<candidate> candidates;
  if (list.empty())
    for (const nsameta_backend_info& backend : backends)
      if (std::string_view(backend.name) != "reference") add_devices(candidates, backend);
  for (const std::string& entry : harness::split_list(list)) {
    const nsameta_backend_info& backend = find_backend(backends, entry);
    if (entry == backend.name || backend.state != NSAMETA_BACKEND_READY) {
      add_devices(candidates, backend);
    } else {
      require_existing(entry);
      candidates.push_back({entry, ""});
    }
  }
  return candidates;
}

}  // namespace nsameta::cli
