#include "decision.h"

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>

#include "cpu/fill.h"
#include "cpu/tuning.h"
#include "select.h"

namespace nsameta {

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

void decision_recorder::add_rule(const char* rule, ...) {
  std::size_t length = std::strlen(record_->rule);
  if (length != 0)
    length += static_cast<std::size_t>(std::snprintf(record_->rule + length, sizeof record_->rule - length, "; "));
  if (length >= sizeof record_->rule) return;
  std::va_list arguments;
  va_start(arguments, rule);
  std::vsnprintf(record_->rule + length, sizeof record_->rule - length, rule, arguments);
  va_end(arguments);
}

void decision_recorder::state(const override_list& forced, std::int64_t row_bound) {
  std::snprintf(record_->override_text, sizeof record_->override_text, "%s", forced.text.c_str());
  record_->row_bound = row_bound;
}

void decision_recorder::choose(const selection& chosen, const fill_call& call) {
  std::snprintf(record_->backend, sizeof record_->backend, "%s", chosen.backend->name());
  std::snprintf(record_->variant, sizeof record_->variant, "%s", chosen.variant());
  record_->device = chosen.place.device;
  record_->staged = chosen.staged ? 1 : 0;
  if (const auto name = chosen.backend->table->kernel_name)  // what is staged is filled a set at a time
    std::snprintf(record_->kernel, sizeof record_->kernel, "%s",
                  name(call.problem, call.sets, chosen.staged ? 1 : call.count, chosen.policy));
  if (chosen.backend->id != id_cpu || chosen.policy.variant != cpu::variant_auto) return;
  std::int64_t elements = 0, least = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t set = 0; set < call.count; ++set) {
    elements = std::max(elements, cpu::bound_elements(call.problem, call.sets[set]));
    least = std::min(least, cpu::least_elements(call.problem, call.sets[set]));
  }
  if (elements < cpu::tuning::parallel_elements) least = cpu::tuning::parallel_elements;  // whatever else counts
  if (least == std::numeric_limits<std::int64_t>::max())
    add_rule("one thread: no more CPUs, or no more granted by NSAMETA_NUM_THREADS or the container");
  else if (elements < least)
    add_rule("one thread: at most %" PRId64 " elements, fewer than %" PRId64, elements, least);
  else
    add_rule("one thread below %" PRId64 " elements, else oneTBB: counted where that can matter", least);
}

std::string to_line(const nsameta_decision& record) {
  std::string line = "dispatch: ";
  if (record.backend[0] == '\0') {
    line += "no backend";
  } else {
    line += std::string(record.backend) + "/" + record.variant + " device " + std::to_string(record.device) +
            (record.staged != 0 ? " staged" : "") + ": " + record.rule;
    if (record.kernel[0] != '\0') line += std::string(", kernel ") + record.kernel;
  }
  line += ", at most " + std::to_string(record.row_bound) + " rows";
  if (record.override_text[0] != '\0') line += std::string(", override ") + record.override_text;
  for (int i = 0; i < record.rejection_count; ++i) {
    line += std::string("; not ") + record.rejections[i].candidate + ": " + record.rejections[i].why;
  }
  return line;
}

}  // namespace nsameta
