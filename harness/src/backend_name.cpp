#include "harness/backend_name.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "backends.h"
#include "words.h"

namespace nsameta::harness {

namespace {

/// A name that is none is taken for one of the host.
const backend_identity& find(std::string_view name) {
  const auto found =
      std::ranges::find_if(all_backends, [&](const backend_identity& each) { return each.name == name; });
  return found != std::end(all_backends) ? *found : all_backends[0];
}

}  // namespace

bool device_place::on_host() const { return !find(backend).has_driver; }

bool device_place::has_graphs() const { return find(backend).kind != NSAMETA_DEVICE_HOST; }

nsameta_target device_place::target() const {
  const nsameta_device_kind kind = find(backend).kind;
  return {kind, kind == NSAMETA_DEVICE_HOST ? 0 : index, nullptr, 0};
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
  for_each_word(list, [&](std::string_view word) {
    if (word.empty()) return;
    std::ranges::transform(word, std::back_inserter(entries.emplace_back()), in_small_letter);
  });
  return entries;
}

std::vector<nsameta_backend_info> list_backends() {
  std::vector<nsameta_backend_info> backends(nsameta_backends(nullptr, 0));
  nsameta_backends(backends.data(), backends.size());
  return backends;
}

}  // namespace nsameta::harness
