#include "contenders.h"

#include <memory>

#include "select.h"
#include "verdict.h"

namespace nsameta {
namespace {

/// Whether `row` never wins against `other`, whatever the work: selection keeps the earlier of equals.
bool never_wins(const policy_row& row, const policy_row& other, bool other_is_earlier) {
  const bool nowhere_cheaper = other.fixed_ns <= row.fixed_ns && other.ns_per_request <= row.ns_per_request &&
                               other.ns_per_row_element <= row.ns_per_row_element &&
                               other.ns_per_table_element <= row.ns_per_table_element;
  return nowhere_cheaper && (other_is_earlier || other.fixed_ns < row.fixed_ns);
}

}  // namespace

inline const contender_lists::list* contender_lists::list_of(const nsameta_target& target) {
  if (target.index >= listed_devices) [[unlikely]]
    return nullptr;
  auto& slot = lists_[static_cast<std::size_t>(target.kind)][static_cast<std::size_t>(target.index)];
  const list* known = slot.load(std::memory_order_acquire);
  return known != nullptr ? known : &make(target, &slot);
}

const contender* contender_lists::cheapest(const nsameta_target& target, const work_size& work) {
  const list* known = list_of(target);
  if (known == nullptr) [[unlikely]]
    return nullptr;
  const contender* best = nullptr;
  double least = 0;
  for (const contender& each : *known) {
    const double cost = expected_ns(*each.row, work);
    if (best != nullptr && !(cost < least)) continue;
    best = &each;
    least = cost;
  }
  return best;
}

void contender_lists::prepare(const nsameta_target& target) { (void)list_of(target); }

const contender_lists::list& contender_lists::make(const nsameta_target& target, std::atomic<const list*>* slot) {
  list able;
  const residency where = residency_of_target(target);
  for (int id = 0; id < backend_count; ++id) {
    const verdict candidate = judge(backends_, id, target, where);
    if (!candidate.eligible) continue;
    for (const variant_policy& variant : candidate.backend->variants)
      able.push_back({candidate.backend,
                      variant.row,
                      policy_of(*candidate.backend, variant, candidate.device),
                      {candidate.device, nullptr}});
  }
  auto kept = std::make_unique<list>();
  for (std::size_t i = 0; i < able.size(); ++i) {
    bool may_win = true;
    for (std::size_t j = 0; j < able.size() && may_win; ++j)
      may_win = i == j || !never_wins(*able[i].row, *able[j].row, j < i);
    if (may_win) kept->push_back(able[i]);
  }
  // Whoever comes first publishes; the lists of threads that come together are equal.
  const list* published = nullptr;
  if (slot->compare_exchange_strong(published, kept.get(), std::memory_order_acq_rel)) published = kept.release();
  return *published;
}

contender_lists::~contender_lists() {
  for (auto& of_kind : lists_)
    for (auto& slot : of_kind) delete slot.load(std::memory_order_acquire);
}

}  // namespace nsameta
