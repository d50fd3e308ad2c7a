#include "tested_backend.h"

#include <span>

#include "harness/library_error.h"

namespace nsameta::matrix {
namespace {
tested_backend forced;
std::span<char*> command_line;
}  // namespace

const tested_backend& tested() { return forced; }

void keep_options(int argc, char** argv) { command_line = std::span(argv, static_cast<std::size_t>(argc)); }

std::string option(std::string_view name, const std::string& otherwise) {
  const std::string begin = "--" + std::string(name) + "=";
  for (const std::string_view word : command_line)
    if (word.starts_with(begin)) return std::string(word.substr(begin.size()));
  return otherwise;
}

std::string force_backend(const std::string& spec) {
  const std::size_t slash = spec.find('/');
  forced = {spec, harness::place_of(spec), slash == std::string::npos ? "" : spec.substr(slash + 1)};
  harness::check(nsameta_set_override(spec.c_str()));
  for (const nsameta_backend_info& info : harness::list_backends()) {
    if (forced.place.backend != info.name) continue;
    if (info.state != NSAMETA_BACKEND_READY) return info.reason;
    if (forced.place.index >= info.device_count) return "there are " + std::to_string(info.device_count) + " devices";
    return "";
  }
  return "no such backend";
}

}  // namespace nsameta::matrix
