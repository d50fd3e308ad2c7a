/// DeepGEMM's schedule, unit by unit.
#include <algorithm>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {

void write_paged_mqa(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                     std::int32_t& status) {
  const mqa_preset& preset = mqa_presets[static_cast<std::size_t>(plan.preset)];
  const std::int64_t bs = std::ssize(requests.kept), atoms = preset.atoms_of(plan.next_n), parts = plan.parts;
  const std::int64_t share = most_plan_units / atoms / std::max<std::int64_t>(bs, 1);
  std::vector<std::int64_t> splits;
  std::int64_t units = 0;
  for (const request& r : requests.kept) {
    const std::int64_t keys = local(problem.kv_shard, r.cache_len) / problem.index_kpool;
    splits.push_back(within_share(rounded_up(keys, preset.split), share, status));
    units += splits.back() * atoms;
  }

  row_writer out(plan.buffers[0]);
  const std::int64_t end = bs * (preset.counts_rows ? plan.next_n : atoms);
  std::int64_t r = 0, unit = 0;  // the next SM's first unit, of request r
  for (std::int64_t part = 0; part <= parts; ++part) {
    while (r < bs && unit == splits[static_cast<std::size_t>(r)] * atoms) {
      ++r;
      unit = 0;
    }
    if (units == 0 && preset.stays_at_end && part < parts)
      out.put({std::max<std::int64_t>(bs - 1, 0) * atoms, 0});
    else if (r == bs)
      out.put({end, 0});
    else if (preset.counts_rows)
      out.put({r * plan.next_n, unit / plan.next_n});
    else
      out.put({r * atoms + unit / splits[static_cast<std::size_t>(r)], unit % splits[static_cast<std::size_t>(r)]});
    const std::int64_t extra = units % parts;
    std::int64_t run = units / parts + ((preset.extra_first ? part < extra : part >= parts - extra) ? 1 : 0);
    while (part < parts && run > 0) {
      const std::int64_t taken = std::min(run, splits[static_cast<std::size_t>(r)] * atoms - unit);
      unit += taken;
      run -= taken;
      if (run == 0) break;
      ++r;
      unit = 0;
    }
  }
}

}  // namespace nsameta::reference
