#include "select.h"

#include <algorithm>

#include "cpu/scheduler.h"
#include "status.h"

namespace nsameta {
namespace {

/// Whether a backend may run a call.
struct eligibility {
  bool eligible;
  nsameta_rejection_code code;
  const backend_record* backend;   ///< null where it was ruled out unopened
  std::int32_t device;             ///< where it would run
  const char* disabled = nullptr;  ///< why the variant that was asked for cannot run, if that is what is missing
};

std::string no_code(const backend_record& backend, std::int32_t device) {
  const auto index = static_cast<std::size_t>(device);
  const std::string where = "device " + std::to_string(device);
  if (index >= backend.devices.size()) return "it has no " + where;
  if (!backend.device_errors[index].empty()) return backend.device_errors[index];
  return "it has no code for " + where + ", " + backend.devices[index].architecture;
}

/// The variant that runs unless another one is named: the first that can.
std::int32_t default_variant(const backend_record& backend) {
  if (backend.id == id_cpu && why_disabled(backend, "tbb") != nullptr) return backend.find_variant("serial");
  return 0;
}

/// One call's selection.
struct selector {
  registry& backends;
  const nsameta_target& target;
  const residency& where;
  std::int64_t row_bound;
  selection* chosen;
  decision_recorder* recorder;  ///< null: nothing is told

  /// `wanted_device`: -1 for any. `variant`: "" for any.
  eligibility check(int id, std::int32_t wanted_device, std::string_view variant) const {
    const backend_record& backend = backends.at(id);
    const std::int32_t found = where.device[static_cast<std::size_t>(id)];
    const std::int32_t device = std::max(0, wanted_device >= 0 ? wanted_device : found);
    if (const char* why = why_disabled(backend, variant))
      return {false, NSAMETA_REJECTED_UNAVAILABLE, &backend, device, why};
    if (!backend.ready() || !backend.has_code(device)) return {false, NSAMETA_REJECTED_UNAVAILABLE, &backend, device};
    const bool reaches = where.reaches(id) && (found < 0 || found == device);
    return {reaches, NSAMETA_REJECTED_UNREACHABLE, &backend, device};
  }

  /// Of a backend that an override names.
  eligibility check(const override_entry& entry) const { return check(entry.backend, entry.device, entry.variant); }

  /// Of a backend that nobody names. One that the target rules out, or that is there for tests, is not even opened.
  eligibility check(int id) const {
    if (target.kind != NSAMETA_DEVICE_AUTO && !where.reaches(id))
      return {false, NSAMETA_REJECTED_WRONG_TARGET, nullptr, 0};
    const bool preferred = std::ranges::find(preferred_backends, id) != preferred_backends.end();
    const bool targeted = target.kind != NSAMETA_DEVICE_HOST && target.kind == all_backends[id].kind;
    if (!preferred && !targeted) return {false, NSAMETA_REJECTED_NOT_REQUESTED, nullptr, 0};
    return check(id, -1, "");
  }

  std::string why_not(const eligibility& rejected, int id) const {
    if (rejected.code == NSAMETA_REJECTED_WRONG_TARGET)
      return std::string("the target is ") + device_kind_names[target.kind];
    if (rejected.code == NSAMETA_REJECTED_NOT_REQUESTED) return "it is there for tests and runs where it is named";
    if (rejected.disabled != nullptr) return rejected.disabled;
    const backend_record& backend = *rejected.backend;
    if (rejected.code == NSAMETA_REJECTED_UNAVAILABLE)
      return backend.ready() ? no_code(backend, rejected.device) : backend.reason;
    if (const char* buffer = where.unreached[static_cast<std::size_t>(id)])
      return std::string("its device does not reach ") + buffer;
    if (target.kind != NSAMETA_DEVICE_AUTO)
      return std::string("it does not reach ") + device_kind_names[target.kind] + " memory";
    if (where.owner == id)
      return "the buffers are with device " + std::to_string(where.device[static_cast<std::size_t>(id)]);
    if (where.owner >= 0) return "it does not keep the order of the target's stream";
    return "no buffer is in its memory";
  }

  void commit(const eligibility& from, std::int32_t variant) const {
    chosen->backend = from.backend;
    chosen->staged = !from.eligible;
    chosen->policy = {variant, row_bound};
    // A stream belongs to the kind of device that owns the buffers; to the others it says nothing.
    const bool streams = from.eligible && where.owner == from.backend->id;
    chosen->place = {from.device, streams ? target.stream : nullptr,
                     from.eligible && (target.flags & NSAMETA_TARGET_NO_OVERLAP) == 0};
  }

  void record_other_variants() const {
    const backend_record& backend = *chosen->backend;
    for (std::int32_t i = 0; backend.table->variants[i] != nullptr; ++i) {
      if (i == chosen->policy.variant) continue;
      const char* variant = backend.table->variants[i];
      if (const char* why = why_disabled(backend, variant))
        recorder->reject(backend.name(), variant, NSAMETA_REJECTED_UNAVAILABLE, "%s", why);
      else
        recorder->reject(backend.name(), variant, NSAMETA_REJECTED_NOT_REQUESTED, "%s runs unless another is named",
                         chosen->variant());
    }
  }

  // ------------------------------------------------------------------------------------- without an override

  /// A target that names simt gets it; all others the first of the preferred that can.
  nsameta_status select_preferred() const {
    const auto take = [this](int id) {
      if (!where.reaches(id)) return false;
      const eligibility found = check(id);
      if (found.eligible) commit(found, default_variant(*found.backend));
      return found.eligible;
    };
    const bool taken =
        target.kind == NSAMETA_DEVICE_SIMT ? take(id_simt) : std::ranges::any_of(preferred_backends, take);
    if (recorder != nullptr) [[unlikely]]
      record_preferred();
    return taken ? NSAMETA_OK : fail_no_backend();
  }

  void record_preferred() const {
    if (chosen->backend != nullptr) {
      if (target.kind != NSAMETA_DEVICE_AUTO) {
        recorder->add_rule("the target is %s", device_kind_names[target.kind]);
      } else {
        std::string order;
        for (const int id : preferred_backends) append(&order, ", ", all_backends[id].name);
        recorder->add_rule("the first of %s that reaches every buffer", order.c_str());
      }
      record_other_variants();
    }
    for (int id = 0; id < backend_count; ++id) {
      if (chosen->backend != nullptr && chosen->backend->id == id) continue;
      const eligibility other = check(id);
      if (other.eligible)
        recorder->reject(all_backends[id].name, "", NSAMETA_REJECTED_ORDER, "%s comes first", chosen->backend->name());
      else
        recorder->reject(all_backends[id].name, "", other.code, "%s", why_not(other, id).c_str());
    }
  }

  /// Fails with who does not reach which buffer, or else with who is missing.
  nsameta_status fail_no_backend() const {
    std::string unreachable, unavailable;
    for (int id = 0; id < backend_count; ++id) {
      const eligibility rejected = check(id);
      if (rejected.backend == nullptr) continue;
      append(rejected.code == NSAMETA_REJECTED_UNREACHABLE ? &unreachable : &unavailable, "; ",
             std::string(all_backends[id].name) + ": " + why_not(rejected, id));
    }
    if (unreachable.empty()) return fail(NSAMETA_BACKEND_UNAVAILABLE, "no backend can run: %s", unavailable.c_str());
    return fail(NSAMETA_BACKEND_UNAVAILABLE, "no backend reaches every buffer: %s", unreachable.c_str());
  }

  // ---------------------------------------------------------------------------------------- with an override

  nsameta_status select_forced(const override_list& forced) const {
    eligibility found{};
    const override_entry* entry = first_usable(forced, &found);
    if (recorder != nullptr) record_forced(forced, entry);
    if (entry == nullptr) return fail_forced(forced);
    commit(found,
           entry->variant.empty() ? default_variant(*found.backend) : found.backend->find_variant(entry->variant));
    if (recorder == nullptr) return NSAMETA_OK;
    if (forced.entries.size() == 1)
      recorder->add_rule("the override names it");
    else if (chosen->staged)
      recorder->add_rule("the override's first that can run; none of it reaches every buffer");
    else
      recorder->add_rule("the override's first that reaches every buffer");
    if (entry->variant.empty()) record_other_variants();
    return NSAMETA_OK;
  }

  /// The first entry that reaches the buffers; if none does, the first usable one, to run staged; null if there is
  /// none.
  const override_entry* first_usable(const override_list& forced, eligibility* found) const {
    const override_entry* staged = nullptr;
    for (const override_entry& entry : forced.entries) {
      const eligibility candidate = check(entry);
      const bool usable = candidate.eligible || candidate.code == NSAMETA_REJECTED_UNREACHABLE;
      if (!usable || (!candidate.eligible && staged != nullptr)) continue;
      *found = candidate;
      if (candidate.eligible) return &entry;
      staged = &entry;
    }
    return where.owner != no_owner && missing_owner() == nullptr ? staged : nullptr;
  }

  /// The backend that would copy the buffers to stage them and cannot. Null when it can.
  const backend_record* missing_owner() const {
    if (where.owner < 0) return nullptr;
    const backend_record& owner = backends.at(where.owner);
    return owner.ready() ? nullptr : &owner;
  }

  void record_forced(const override_list& forced, const override_entry* taken) const {
    unsigned named = 0;
    for (const override_entry& entry : forced.entries) {
      named |= 1u << entry.backend;
      if (&entry == taken) continue;
      const eligibility other = check(entry);
      recorder->reject(other.backend->name(), entry.variant.c_str(),
                       other.eligible ? NSAMETA_REJECTED_NOT_REQUESTED : other.code, "%s",
                       other.eligible ? "an earlier entry runs" : why_not(other, entry.backend).c_str());
    }
    for (int id = 0; id < backend_count; ++id)
      if ((named >> id & 1u) == 0)
        recorder->reject(all_backends[id].name, "", NSAMETA_REJECTED_NOT_REQUESTED, "the override is %s",
                         forced.text.c_str());
  }

  nsameta_status fail_forced(const override_list& forced) const {
    std::string reasons;
    for (const override_entry& entry : forced.entries) {
      // The override names it already when it is the only one.
      const std::string name = forced.entries.size() > 1 ? std::string(all_backends[entry.backend].name) + ": " : "";
      append(&reasons, "; ", name + why_not(check(entry), entry.backend));
    }
    if (where.owner == no_owner) reasons += "; the buffers are with two vendors, and nobody copies from both";
    if (const backend_record* owner = missing_owner())
      reasons += std::string("; ") + owner->name() + ", which would copy the buffers: " + owner->reason;
    return fail(NSAMETA_BACKEND_UNAVAILABLE, "override \"%s\": %s", forced.text.c_str(), reasons.c_str());
  }
};

}  // namespace

const char* why_disabled(const backend_record& backend, std::string_view variant) {
  return backend.id == id_cpu && variant == "tbb" && cpu::scheduler_left_behind()
             ? "the process was forked after it used oneTBB, whose threads stayed with the parent"
             : nullptr;
}

nsameta_status select(registry& backends, const override_list& forced, const nsameta_target& target,
                      const residency& where, std::int64_t row_bound, selection* chosen, decision_recorder* recorder) {
  if (!forced.error.empty()) [[unlikely]]
    return fail(NSAMETA_INVALID_OVERRIDE, "%s", forced.error.c_str());
  const selector one{backends, target, where, row_bound, chosen, recorder};
  return forced.entries.empty() ? one.select_preferred() : one.select_forced(forced);
}

}  // namespace nsameta
