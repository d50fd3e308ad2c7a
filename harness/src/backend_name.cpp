#include "harness/backend_name.h"

#include <charconv>

namespace nsameta::harness {

bool device_place::on_host() const { return backend != "cuda" && backend != "hip"; }

bool device_place::has_graphs() const { return backend != "reference" && backend != "cpu"; }

nsameta_target device_place::target() const {
  if (backend == "cuda") return {NSAMETA_DEVICE_CUDA, index, nullptr, 0};
  if (backend == "hip") return {NSAMETA_DEVICE_HIP, index, nullptr, 0};
  if (backend == "simt") return {NSAMETA_DEVICE_SIMT, index, nullptr, 0};
  return {NSAMETA_DEVICE_HOST, 0, nullptr, 0};
}

device_place place_of(std::string_view backend) {
  backend = backend.substr(0, backend.find('/'));
  const std::size_t colon = backend.find(':');
  device_place place{std::string(backend.substr(0, colon)), 0};
  if (colon != std::string_view::npos)
    std::from_chars(backend.data() + colon + 1, backend.data() + backend.size(), place.index);
  return place;
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> entries;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const std::string_view entry = list.substr(0, comma); !entry.empty()) entries.emplace_back(entry);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return entries;
}

std::vector<nsameta_backend_info> list_backends() {
  std::vector<nsameta_backend_info> backends(nsameta_backends(nullptr, 0));
  nsameta_backends(backends.data(), backends.size());
  return backends;
}

}  // namespace nsameta::harness
