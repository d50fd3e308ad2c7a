/// A plugin of some program, which uses the library and is unloaded with it.
#include <string>
#include <vector>

#include "nsameta/nsameta.hpp"
#include "reload_plugin.h"

namespace {

/// So many rows that cpu/tbb is worth it and has several tasks.
constexpr std::int32_t requests = 8, rows_each = 20'000, kv_length = 40'000;

bool fills_on(const nsameta::target& target, std::int32_t rows) {
  const std::vector<std::int32_t> lengths(requests, kv_length);
  std::vector<std::int32_t> expanded(static_cast<std::size_t>(requests) * rows, -1);
  nsameta::problem step(NSAMETA_EXTEND);
  step.with_seq_lens(lengths).with_uniform_extend_len(rows);
  nsameta::outputs out;
  out.with(&nsameta_outputs::seqlens_expanded, expanded);
  if (!nsameta::fill(step, out, target)) return false;
  for (std::size_t i = 0; i < expanded.size(); ++i)
    if (expanded[i] != kv_length - rows + 1 + static_cast<std::int32_t>(i) % rows) return false;
  return true;
}

}  // namespace

const char* use_library(bool fibres) {
  if (!fills_on(nsameta::target(NSAMETA_DEVICE_HOST), rows_each)) return "a large fill failed";
  if (fibres && !fills_on(nsameta::target(NSAMETA_DEVICE_SIMT, 1), 3)) return "a fill on simt failed";
  if (nsameta_fill(nullptr, nullptr, nullptr) != NSAMETA_INVALID_ARGUMENT) return "null was no error";
  return "";
}

const char* library_text() { return nsameta::backends().front().version; }
