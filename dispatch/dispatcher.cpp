#include "dispatcher.h"

#include <algorithm>
#include <cinttypes>

#include "logging.h"
#include "problem.h"
#include "staging.h"
#include "status.h"
#include "validation.h"

namespace nsameta {
namespace {

nsameta_status validate(const nsameta_problem* problem, const nsameta_outputs* outputs, const nsameta_target* target) {
  if (auto status = validate_problem(problem); status != NSAMETA_OK) [[unlikely]]
    return status;
  if (auto status = validate_outputs(*problem, outputs); status != NSAMETA_OK) [[unlikely]]
    return status;
  return validate_target(target);
}

nsameta_status validate_many(const nsameta_problem* problem, const nsameta_outputs* outputs, std::int64_t count,
                             const nsameta_target* target) {
  if (count < 0) return fail(NSAMETA_INVALID_ARGUMENT, "count is %" PRId64 ", negative", count);
  if (count > 0 && outputs == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "outputs is null");
  if (auto status = validate_problem(problem); status != NSAMETA_OK) return status;
  if (auto status = validate_target(target); status != NSAMETA_OK) return status;
  for (std::int64_t set = 0; set < count; ++set)
    if (auto status = validate_outputs(*problem, outputs + set); status != NSAMETA_OK)
      return fail(status, "outputs[%" PRId64 "]: %s", set, nsameta_last_error());
  return validate_sets(outputs, count);
}

nsameta_status run_on(const selection& chosen, const fill_call& call) {
  failure_text why;
  why.text[0] = '\0';
  const backend_interface& table = *chosen.backend->table;
  const nsameta_status status = table.fill(call.problem, call.sets, call.count, chosen.policy, chosen.place, &why);
  if (status == NSAMETA_OK) [[likely]]
    return NSAMETA_OK;
  return fail(status, "%s/%s on device %d: %s", chosen.backend->name(), chosen.variant(), chosen.place.device,
              why.text);
}

/// That the buffers of every set are where those of the first are.
nsameta_status check_same_place(registry& backends, const fill_call& call) {
  if (call.target.kind != NSAMETA_DEVICE_AUTO) return NSAMETA_OK;  // the caller vouches for every buffer
  residency first;
  for (std::int64_t set = 0; set < call.count; ++set) {
    residency where;
    if (auto status = find_residency(backends, call.problem, call.sets[set], call.target, &where); status != NSAMETA_OK)
      return status;
    if (set == 0) first = where;
    if (where.direct != first.direct || where.owner != first.owner || where.device != first.device)
      return fail(NSAMETA_INVALID_ARGUMENT, "outputs[%" PRId64 "] is in other memory than outputs[0]", set);
  }
  return NSAMETA_OK;
}

nsameta_status decide(registry& backends, const override_list& forced, const fill_call& call, residency* where,
                      selection* chosen, decision_recorder* recorder) {
  if (auto status = find_residency(backends, call.problem, *call.sets, call.target, where); status != NSAMETA_OK)
    return status;
  std::int64_t rows = 0;  // of the largest set
  for (std::int64_t set = 0; set < call.count; ++set) rows = std::max(rows, row_bound(call.problem, call.sets[set]));
  if (recorder != nullptr) recorder->state(forced, rows);
  const nsameta_status status = select(backends, forced, call.target, *where, rows, chosen, recorder);
  if (recorder != nullptr && status == NSAMETA_OK) recorder->choose(*chosen, call);
  return status;
}

nsameta_status run(registry& backends, const override_list& forced, const fill_call& call) {
  residency where;
  selection chosen;
  nsameta_status status = NSAMETA_OK;
  if (!log_enabled(log_topic::dispatch)) {
    status = decide(backends, forced, call, &where, &chosen, nullptr);
  } else {
    nsameta_decision record;
    decision_recorder recorder(&record);
    status = decide(backends, forced, call, &where, &chosen, &recorder);
    log_line(to_line(record).c_str());
  }
  if (status != NSAMETA_OK) [[unlikely]]
    return status;
  if (!chosen.staged) [[likely]]
    return run_on(chosen, call);
  const backend_record* owner = where.owner >= 0 ? &backends.at(where.owner) : nullptr;
  const std::int32_t device = owner != nullptr ? where.device[static_cast<std::size_t>(where.owner)] : 0;
  for (std::int64_t set = 0; set < call.count && status == NSAMETA_OK; ++set)
    status = fill_staged(chosen, owner, {device, call.target.stream}, call.problem, call.sets[set]);
  return status;
}

/// Reads the name of one backend.
nsameta_status name_one(registry& backends, const char* backend, override_list* named) {
  if (backend == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "backend is null");
  *named = parse_override(backend);
  check_override(backends, named);
  if (!named->error.empty()) return fail(NSAMETA_INVALID_ARGUMENT, "%s", named->error.c_str());
  if (named->entries.size() == 1) return NSAMETA_OK;
  return fail(NSAMETA_INVALID_ARGUMENT, "backend is '%s', which names %zu backends", backend, named->entries.size());
}

nsameta_status run_named(registry& backends, const override_list& named, const fill_call& call,
                         decision_recorder* recorder) {
  residency where;
  selection chosen;
  if (auto status = decide(backends, named, call, &where, &chosen, recorder); status != NSAMETA_OK) return status;
  if (chosen.staged) return fail(NSAMETA_UNSUPPORTED, "%s cannot reach the buffers", named.text.c_str());
  return run_on(chosen, call);
}

/// One device, or all that there is code for when `device` is -1.
nsameta_status warm_up_backend(const backend_record& backend, std::int32_t device) {
  const auto count = static_cast<std::int32_t>(backend.devices.size());
  for (std::int32_t each = device < 0 ? 0 : device; each < (device < 0 ? count : device + 1); ++each) {
    if (device < 0 && !backend.has_code(each)) continue;
    failure_text why{};
    if (const nsameta_status status = backend.table->warm_up(each, &why); status != NSAMETA_OK)
      return fail(status, "warming up %s device %d: %s", backend.name(), each, why.text);
  }
  return NSAMETA_OK;
}

/// The backends that an override names.
nsameta_status warm_up_list(registry& backends, const override_list& forced, const nsameta_target& target) {
  std::string reasons;
  bool any = false;
  for (const override_entry& entry : forced.entries) {
    const backend_record& backend = backends.at(entry.backend);
    const char* disabled = why_disabled(backend, entry.variant);
    if (!backend.ready() || disabled != nullptr) {
      // The override names it already when it is the only one.
      const std::string name = forced.entries.size() > 1 ? std::string(backend.name()) + ": " : "";
      append(&reasons, "; ", name + (disabled != nullptr ? disabled : backend.reason));
      continue;
    }
    const std::int32_t targeted = backend.kind() == target.kind ? target.index : -1;
    const std::int32_t device = entry.device >= 0 ? entry.device : targeted;
    if (auto status = warm_up_backend(backend, device); status != NSAMETA_OK) return status;
    any = true;
  }
  if (any) return NSAMETA_OK;
  return fail(NSAMETA_BACKEND_UNAVAILABLE, "override \"%s\": %s", forced.text.c_str(), reasons.c_str());
}

nsameta_status warm_up_target(registry& backends, const nsameta_target& target) {
  const bool all = target.kind == NSAMETA_DEVICE_AUTO;
  for (int id = 0; id < backend_count; ++id) {
    if (!all && all_backends[id].kind != target.kind) continue;
    const backend_record& backend = backends.at(id);
    if (!backend.ready()) {
      if (all) continue;
      return fail(NSAMETA_BACKEND_UNAVAILABLE, "%s: %s", backend.name(), backend.reason.c_str());
    }
    if (auto status = warm_up_backend(backend, all ? -1 : target.index); status != NSAMETA_OK) return status;
  }
  return NSAMETA_OK;
}

}  // namespace

nsameta_status dispatcher::fill(const nsameta_problem* problem, const nsameta_outputs* outputs,
                                const nsameta_target* target) {
  if (auto status = validate(problem, outputs, target); status != NSAMETA_OK) [[unlikely]]
    return status;
  return run(backends_, setting_.freeze(backends_), {*problem, outputs, 1, *target});
}

nsameta_status dispatcher::fill_many(const nsameta_problem* problem, const nsameta_outputs* outputs, std::int64_t count,
                                     const nsameta_target* target) {
  if (auto status = validate_many(problem, outputs, count, target); status != NSAMETA_OK || count == 0) return status;
  const fill_call call{*problem, outputs, count, *target};
  if (auto status = check_same_place(backends_, call); status != NSAMETA_OK) return status;
  return run(backends_, setting_.freeze(backends_), call);
}

nsameta_status dispatcher::fill_on(const char* backend, const nsameta_problem* problem, const nsameta_outputs* outputs,
                                   const nsameta_target* target) {
  override_list named;
  if (auto status = name_one(backends_, backend, &named); status != NSAMETA_OK) return status;
  if (auto status = validate(problem, outputs, target); status != NSAMETA_OK) return status;
  return run_named(backends_, named, {*problem, outputs, 1, *target}, nullptr);
}

nsameta_status dispatcher::fill_many_on(const char* backend, const nsameta_problem* problem,
                                        const nsameta_outputs* outputs, std::int64_t count,
                                        const nsameta_target* target, nsameta_decision* decision) {
  decision_recorder recorder(decision);
  override_list named;
  if (auto status = name_one(backends_, backend, &named); status != NSAMETA_OK) return status;
  if (auto status = validate_many(problem, outputs, count, target); status != NSAMETA_OK || count == 0) return status;
  const fill_call call{*problem, outputs, count, *target};
  if (auto status = check_same_place(backends_, call); status != NSAMETA_OK) return status;
  return run_named(backends_, named, call, &recorder);
}

nsameta_status dispatcher::explain(const nsameta_problem* problem, const nsameta_outputs* outputs,
                                   const nsameta_target* target, nsameta_decision* decision) {
  decision_recorder recorder(decision);
  nsameta_outputs none;
  nsameta_outputs_init(&none);
  if (outputs == nullptr) outputs = &none;
  if (auto status = validate(problem, outputs, target); status != NSAMETA_OK) return status;
  residency where;
  selection chosen;
  return decide(backends_, setting_.freeze(backends_), {*problem, outputs, 1, *target}, &where, &chosen, &recorder);
}

nsameta_status dispatcher::warm_up(const nsameta_target* target) {
  if (auto status = validate_target(target); status != NSAMETA_OK) return status;
  const override_list& forced = setting_.freeze(backends_);
  if (!forced.error.empty()) return fail(NSAMETA_INVALID_OVERRIDE, "%s", forced.error.c_str());
  // An index that the target's kind does not have is the caller's mistake, whatever is forced.
  if (auto status = check_device(backends_, *target); status != NSAMETA_OK) return status;
  return forced.entries.empty() ? warm_up_target(backends_, *target) : warm_up_list(backends_, forced, *target);
}

}  // namespace nsameta
