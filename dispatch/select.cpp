#include "select.h"

#include <algorithm>
#include <limits>

#include "status.h"
#include "verdict.h"

namespace nsameta {
namespace {

struct cheapest {
  const variant_policy* policy = nullptr;
  double cost = 0;
};

cheapest cheapest_variant(const backend_record& backend, std::string_view wanted, const selection_request& request) {
  cheapest best;
  for (const variant_policy& policy : backend.variants) {
    if (!wanted.empty() && wanted != policy.row->variant) continue;
    const double cost = expected_ns(*policy.row, request.size.work);
    if (best.policy == nullptr || cost < best.cost) best = {&policy, cost};
  }
  return best;
}

/// A stream belongs to the kind of device that owns the buffers; to the others it says nothing.
void* stream_for(const backend_record& backend, const selection_request& request, const residency& where) {
  return where.owner == backend.id ? request.target.stream : nullptr;
}

void take(const verdict& from, const cheapest& best, const selection_request& request, const residency& where,
          bool staged, selection* chosen) {
  const backend_record& backend = *from.backend;
  chosen->backend = &backend;
  chosen->row = best.policy->row;
  chosen->policy = policy_of(backend, *best.policy, from.device);
  chosen->policy.row_bound = request.size.row_bound;
  chosen->place = {from.device, staged ? nullptr : stream_for(backend, request, where),
                   !staged && (request.target.flags & NSAMETA_TARGET_OVERLAP) != 0};
  chosen->staged = staged;
  chosen->expected = best.cost;
}

void record_other_variants(const backend_record& backend, const selection_request& request, const selection& chosen,
                           decision_recorder* recorder) {
  for (const variant_policy& policy : backend.variants) {
    if (policy.row == chosen.row) continue;
    const double cost = expected_ns(*policy.row, request.size.work);
    recorder->reject(backend.name(), policy.row->variant, NSAMETA_REJECTED_COST, "%.0f ns expected, %.0f with %s/%s",
                     cost, chosen.expected, chosen.backend->name(), chosen.row->variant);
  }
  for (const lost_variant& each : backend.lost)
    recorder->reject(backend.name(), each.variant, NSAMETA_REJECTED_UNAVAILABLE, "%s", each.reason);
}

/// The sentence of a call that nobody can run: who does not reach which buffer, or else who is missing.
nsameta_status nobody(registry& backends, const selection_request& request, const residency& where) {
  std::string unreachable, unavailable;
  for (int id = 0; id < backend_count; ++id) {
    const verdict rejected = judge(backends, id, request.target, where);
    if (rejected.code == NSAMETA_REJECTED_WRONG_TARGET) continue;
    std::string& list = rejected.code == NSAMETA_REJECTED_UNREACHABLE ? unreachable : unavailable;
    list += (list.empty() ? "" : "; ") + std::string(rejected.backend->name()) + ": " +
            why_not(rejected, id, request.target, where);
  }
  if (unreachable.empty()) return fail(NSAMETA_BACKEND_UNAVAILABLE, "no backend can run: %s", unavailable.c_str());
  return fail(NSAMETA_BACKEND_UNAVAILABLE, "no backend reaches every buffer: %s", unreachable.c_str());
}

nsameta_status select_best(registry& backends, const selection_request& request, const residency& where,
                           selection* chosen, decision_recorder* recorder) {
  verdict winner{};
  cheapest best;
  for (int id = 0; id < backend_count; ++id) {
    const verdict candidate = judge(backends, id, request.target, where);
    if (!candidate.eligible) continue;
    const cheapest own = cheapest_variant(*candidate.backend, "", request);
    if (own.policy != nullptr && (best.policy == nullptr || own.cost < best.cost)) {
      best = own;
      winner = candidate;
    }
  }
  if (best.policy != nullptr) take(winner, best, request, where, false, chosen);
  if (recorder != nullptr) [[unlikely]] {
    for (int id = 0; id < backend_count; ++id) {
      const verdict candidate = judge(backends, id, request.target, where);
      if (candidate.eligible) {
        record_other_variants(*candidate.backend, request, *chosen, recorder);
      } else {
        recorder->reject(all_backends[id].name, "", candidate.code, "%s",
                         why_not(candidate, id, request.target, where).c_str());
      }
    }
  }
  return best.policy != nullptr ? NSAMETA_OK : nobody(backends, request, where);
}

/// Why staged execution cannot help: nobody can copy the buffers. Null when it can.
const backend_record* missing_owner(registry& backends, const residency& where) {
  if (where.owner < 0) return nullptr;
  const backend_record& owner = backends.at(where.owner);
  return owner.ready() ? nullptr : &owner;
}

nsameta_status forced_nobody(registry& backends, const override_list& forced, const selection_request& request,
                             const residency& where) {
  std::string reasons;
  for (const override_entry& entry : forced.entries) {
    const verdict rejected = judge_forced(backends, entry, where);
    // The override names it already when it is the only one.
    if (forced.entries.size() > 1)
      reasons += (reasons.empty() ? "" : "; ") + std::string(rejected.backend->name()) + ": ";
    reasons += why_not(rejected, entry.backend, request.target, where);
  }
  if (where.owner == no_owner) reasons += "; the buffers are with two vendors, and nobody copies from both";
  if (const backend_record* owner = missing_owner(backends, where)) {
    reasons += std::string("; ") + owner->name() + ", which would copy the buffers: " + owner->reason;
  }
  return fail(NSAMETA_BACKEND_UNAVAILABLE, "override \"%s\": %s", forced.text.c_str(), reasons.c_str());
}

/// The first entry that reaches the buffers; if none does, the first usable one, to run staged; null if there is none.
const override_entry* first_usable(registry& backends, const override_list& forced, const residency& where,
                                   verdict* found) {
  const override_entry* staged = nullptr;
  for (const override_entry& entry : forced.entries) {
    const verdict candidate = judge_forced(backends, entry, where);
    const bool usable = candidate.eligible || candidate.code == NSAMETA_REJECTED_UNREACHABLE;
    if (!usable || (!candidate.eligible && staged != nullptr)) continue;
    *found = candidate;
    if (candidate.eligible) return &entry;
    staged = &entry;
  }
  const bool copied = where.owner != no_owner && missing_owner(backends, where) == nullptr;
  return copied ? staged : nullptr;
}

void record_forced(registry& backends, const override_list& forced, const selection_request& request,
                   const residency& where, const override_entry* taken, decision_recorder* recorder) {
  unsigned named = 0;
  for (const override_entry& entry : forced.entries) {
    named |= 1u << entry.backend;
    if (&entry == taken) continue;
    const verdict other = judge_forced(backends, entry, where);
    const char* name = other.backend->name();
    if (other.eligible) {
      recorder->reject(name, entry.variant.c_str(), NSAMETA_REJECTED_NOT_REQUESTED, "an earlier entry runs");
    } else {
      recorder->reject(name, entry.variant.c_str(), other.code, "%s",
                       why_not(other, entry.backend, request.target, where).c_str());
    }
  }
  for (int id = 0; id < backend_count; ++id) {
    if ((named >> id & 1u) != 0) continue;
    recorder->reject(all_backends[id].name, "", NSAMETA_REJECTED_NOT_REQUESTED, "the override is %s",
                     forced.text.c_str());
  }
}

nsameta_status select_forced(registry& backends, const override_list& forced, const selection_request& request,
                             const residency& where, selection* chosen, decision_recorder* recorder) {
  verdict found{};
  const override_entry* entry = first_usable(backends, forced, where, &found);
  if (recorder != nullptr) record_forced(backends, forced, request, where, entry, recorder);
  if (entry == nullptr) return forced_nobody(backends, forced, request, where);
  const cheapest best = cheapest_variant(*found.backend, entry->variant, request);
  if (best.policy == nullptr) {
    return fail(NSAMETA_INTERNAL_ERROR, "the policy table has no row for %s", found.backend->name());
  }
  take(found, best, request, where, !found.eligible, chosen);
  if (recorder != nullptr && entry->variant.empty()) record_other_variants(*found.backend, request, *chosen, recorder);
  return NSAMETA_OK;
}

}  // namespace

launch_policy policy_of(const backend_record& backend, const variant_policy& variant, std::int32_t device) noexcept {
  const policy_row& row = *variant.row;
  const std::int64_t blocks = std::int64_t{row.max_blocks_per_multiprocessor} *
                              backend.capabilities[static_cast<std::size_t>(device)].multiprocessors;
  const auto most = std::int64_t{std::numeric_limits<std::int32_t>::max()};
  return {variant.variant, row.block_threads, static_cast<std::int32_t>(std::min(blocks, most)), row.grain_rows, 0};
}

nsameta_status select(registry& backends, const override_list& forced, const selection_request& request,
                      const residency& where, selection* chosen, decision_recorder* recorder) {
  if (!forced.error.empty()) [[unlikely]]
    return fail(NSAMETA_INVALID_OVERRIDE, "%s", forced.error.c_str());
  if (forced.entries.empty()) [[likely]]
    return select_best(backends, request, where, chosen, recorder);
  return select_forced(backends, forced, request, where, chosen, recorder);
}

}  // namespace nsameta
