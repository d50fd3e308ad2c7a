#include "decision.h"

#include <cstdarg>
#include <cstdio>
#include <limits>

#include "select.h"

namespace nsameta {
namespace {

std::int64_t saturated(double count) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return count < static_cast<double>(most) ? static_cast<std::int64_t>(count) : most;
}

}  // namespace

decision_recorder::decision_recorder(nsameta_decision* record) : record_(record) {
  const std::size_t size = record->struct_size;
  *record = {};
  record->struct_size = size;
}

void decision_recorder::reject(const char* backend, const char* variant, nsameta_rejection_code code, const char* why,
                               ...) {
  if (record_->rejection_count == NSAMETA_MAX_REJECTIONS) return;
  nsameta_rejection& rejection = record_->rejections[record_->rejection_count++];
  std::snprintf(rejection.candidate, sizeof rejection.candidate, "%s%s%s", backend, *variant != '\0' ? "/" : "",
                variant);
  rejection.code = code;
  std::va_list arguments;
  va_start(arguments, why);
  std::vsnprintf(rejection.why, sizeof rejection.why, why, arguments);
  va_end(arguments);
}

void decision_recorder::choose(const selection& chosen) {
  std::snprintf(record_->backend, sizeof record_->backend, "%s", chosen.backend->name());
  std::snprintf(record_->variant, sizeof record_->variant, "%s", chosen.row->variant);
  record_->device = chosen.place.device;
  record_->staged = chosen.staged ? 1 : 0;
  record_->block_threads = chosen.policy.block_threads;
  record_->max_blocks = chosen.policy.max_blocks;
  record_->grain_rows = chosen.policy.grain_rows;
  record_->expected_ns = chosen.expected;
}

void decision_recorder::state(const override_list& forced, const call_size& size) {
  std::snprintf(record_->override_text, sizeof record_->override_text, "%s", forced.text.c_str());
  record_->row_bound = size.row_bound;
  record_->row_elements = saturated(size.work.row_elements);
  record_->table_elements = saturated(size.work.table_elements);
}

std::string to_line(const nsameta_decision& record) {
  std::string line = "dispatch: ";
  if (record.backend[0] == '\0') {
    line += "nobody";
  } else {
    char text[160];
    std::snprintf(text, sizeof text, "%s/%s device %d%s, %.0f ns expected", record.backend, record.variant,
                  record.device, record.staged != 0 ? " staged" : "", record.expected_ns);
    line += text;
  }
  line += ", at most " + std::to_string(record.row_bound) + " rows";
  if (record.table_elements != 0) line += ", about " + std::to_string(record.table_elements) + " table elements";
  if (record.override_text[0] != '\0') line += std::string(", override ") + record.override_text;
  for (int i = 0; i < record.rejection_count; ++i) {
    line += std::string("; not ") + record.rejections[i].candidate + ": " + record.rejections[i].why;
  }
  return line;
}

}  // namespace nsameta
