/// What the host can see of bad plans.
#include <cinttypes>
#include <limits>

#include "checks.h"
#include "plans.h"
#include "problem.h"

namespace nsameta {
namespace {

/// Whether int32 numbers `count` things, and `more`.
nsameta_status check_counted(const nsameta_plan& plan, std::int64_t count, const char* things, int place,
                             std::int64_t more = 0) {
  if (count <= std::numeric_limits<std::int32_t>::max() - more) return NSAMETA_OK;
  return fail(NSAMETA_UNSUPPORTED, "plans[%d]: %s is asked for, but there are %" PRId64 " %s, more than int32 counts",
              place, row_of(plan.kind).name, count, things);
}

/// Those of aiter's plan.
nsameta_status check_entries(const nsameta_plan& plan, std::int64_t entries, int place) {
  if (plan.preset == NSAMETA_AITER_FAST && plan.head_ratio != 1)
    return fail(NSAMETA_UNSUPPORTED, "plans[%d]: aiter: head_ratio is %d, but the form fast has an entry a row: 1",
                place, plan.head_ratio);
  if (entries > most_plan_requests)
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: aiter is asked for, but there are %" PRId64 " entries, more than %" PRId64, place, entries,
                most_plan_requests);
  const std::int64_t pages = (std::int64_t{plan.topk} + plan.page_size - 1) / plan.page_size;
  if (entries * pages > std::numeric_limits<std::int32_t>::max())
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: aiter: topk is %d: %" PRId64 " entries begin at more pages than int32 counts", place,
                plan.topk, entries);
  return NSAMETA_OK;
}

/// Whether the problem has what a page list is from.
nsameta_status check_page_list(const nsameta_problem& p, const nsameta_plan& plan, int place) {
  if (plan.preset == NSAMETA_PAGES_OF_TOKENS && p.kv_shard.size > 1)
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: page_list of req_to_token is asked for, but kv_shard.size is %d: it goes with an unsharded "
                "KV cache only",
                place, p.kv_shard.size);
  if (plan.preset == NSAMETA_PAGES_OF_BLOCKS && p.kv_shard.size > 1 && p.block_size % p.kv_shard.interleave != 0)
    return fail(bad,
                "block_size is %d, no multiple of kv_shard.interleave, which is %d: plans[%d], a page_list of "
                "block_table, needs that",
                p.block_size, p.kv_shard.interleave, place);
  const bool of_blocks = plan.preset == NSAMETA_PAGES_OF_BLOCKS;
  if (p.batch_size > 0 && (of_blocks ? p.block_table : p.req_to_token).data == nullptr)
    return fail(bad, "%s is absent, but plans[%d] is a page_list of it", of_blocks ? "block_table" : "req_to_token",
                place);
  return NSAMETA_OK;
}

/// The blocks of a plan in zigzag.
nsameta_status check_zigzag(const nsameta_problem& p, const nsameta_plan& plan, int place) {
  if (plan.rank >= plan.parts)
    return fail(bad, "plans[%d]: zigzag: cp_rank is %d, but cp_size is %d", place, plan.rank, plan.parts);
  return check_counted(plan, 2 * p.batch_size * plan.parts, "blocks", place);
}

/// Whether the block table that a compressed cache has is at hand, or its blocks lie in the pages of req_to_token.
nsameta_status check_places(const nsameta_problem& p, const nsameta_plan& plan, int place) {
  const plan_kind& kind = row_of(plan.kind);
  if (plan.blocks_from > 0) {
    if (p.kv_shard.size > 1)
      return fail(NSAMETA_UNSUPPORTED,
                  "plans[%d]: %s: blocks_from is %d, but kv_shard.size is %d: it goes with an unsharded KV cache only",
                  place, kind.name, plan.blocks_from, p.kv_shard.size);
    if (p.batch_size > 0 && p.block_tables[plan.blocks_from - 1].data == nullptr)
      return fail(bad, "%s is absent, but plans[%d] is of it",
                  block_table_names[static_cast<std::size_t>(plan.blocks_from) - 1], place);
    return NSAMETA_OK;
  }
  const std::int64_t span = std::int64_t{plan.block} * plan.ratio;
  if (span % p.page_size != 0 && p.page_size % span != 0)
    return fail(bad,
                "plans[%d]: %s: block_size is %d: a block of %" PRId64
                " positions is no multiple of page_size, which is %d, and does not divide it",
                place, kind.name, plan.block, span, p.page_size);
  if (p.kv_shard.size > 1 && plan.block % p.kv_shard.interleave != 0)
    return fail(bad, "plans[%d]: %s: block_size is %d, no multiple of kv_shard.interleave, which is %d", place,
                kind.name, plan.block, p.kv_shard.interleave);
  if (p.batch_size == 0 || p.req_to_token.data != nullptr) return NSAMETA_OK;
  // Of kinds whose buffers may be absent, the last one alone is looked up.
  const bool is_wanted = !kind.optional || plan.buffers[kind.buffers.size() - 1].data != nullptr;
  if (is_wanted && !follows_given_slots(plan, p))
    return fail(bad, "req_to_token is absent, but plans[%d] asks for %s", place, kind.buffers.back().name);
  return NSAMETA_OK;
}

/// Whether the problem has what a window's slots are from.
nsameta_status check_window(const nsameta_problem& p, const nsameta_plan& plan, int place) {
  if (p.kv_shard.size > 1)
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: window is asked for, but kv_shard.size is %d: it goes with an unsharded KV cache only",
                place, p.kv_shard.size);
  const bool has_rings = plan.preset == NSAMETA_WINDOW_OF_RINGS;
  if (has_rings != (plan.ring > 0))
    return fail(bad, "plans[%d]: window: swa_ring is %d, but its slots are %s", place, plan.ring,
                has_rings ? "of rings: 1 or more is wanted" : "not of rings: 0 is wanted");
  if (has_rings && plan.ring < plan.window)
    return fail(bad, "plans[%d]: window: swa_ring is %d, less than swa_window, which is %d", place, plan.ring,
                plan.window);
  const bool has_table = plan.buffers[1].data != nullptr, has_slots = plan.buffers[2].data != nullptr;
  if (p.batch_size == 0 || plan.preset == NSAMETA_WINDOW_OF_POSITIONS || (!has_table && !has_slots)) return NSAMETA_OK;
  if (p.req_to_token.data == nullptr && (has_table || !follows_given_slots(plan, p)))
    return fail(bad, "req_to_token is absent, but plans[%d] is a window of %s", place,
                window_preset_names[static_cast<std::size_t>(plan.preset)]);
  if (!has_rings && p.full_to_swa.data == nullptr)
    return fail(bad, "full_to_swa is absent, but plans[%d] is a window of it", place);
  return NSAMETA_OK;
}

/// Whether a state has room for what is kept in it.
nsameta_status check_state(const nsameta_plan& plan, int place) {
  const char* const name = row_of(plan.kind).name;
  const char* const preset = state_preset_names[static_cast<std::size_t>(plan.preset)];
  const std::int32_t window = tokens_of_entry(plan);
  const bool by_window = plan.preset == NSAMETA_STATE_OF_WINDOW, is_running = plan.preset == NSAMETA_STATE_RUNNING;
  if (is_running && plan.ring != 1)
    return fail(bad, "plans[%d]: %s: ring is %d, but a running state has 1 slot", place, name, plan.ring);
  if (!is_running && plan.ring % plan.ratio != 0)
    return fail(bad, "plans[%d]: %s: ring is %d, no multiple of ratio, which is %d", place, name, plan.ring,
                plan.ratio);
  if (!is_running && plan.ring < window)
    return fail(bad, "plans[%d]: %s: ring is %d, less than the %d tokens that an entry is made from", place, name,
                plan.ring, window);
  if (by_window && (plan.page_size == 0 || plan.page_size % plan.ring != 0))
    return fail(bad, "plans[%d]: %s: swa_page_size is %d, no multiple of ring, which is %d", place, name,
                plan.page_size, plan.ring);
  if (!by_window && plan.page_size != 0)
    return fail(bad, "plans[%d]: %s: swa_page_size is %d, but the preset is %s: 0 is wanted", place, name,
                plan.page_size, preset);
  if (!is_running && plan.slot_offset != 0)
    return fail(bad, "plans[%d]: %s: slot_offset is %d, but the preset is %s: 0 is wanted", place, name,
                plan.slot_offset, preset);
  if (packs_rows(plan) && (is_running ? plan.ratio : window - 1) > most_packed_tokens)
    return fail(NSAMETA_UNSUPPORTED, "plans[%d]: %s: ratio is %d: its words hold %" PRId64 " tokens at most", place,
                name, plan.ratio, most_packed_tokens);
  return NSAMETA_OK;
}

/// Whether a state keeps the step, is found, and has slots that int32 counts.
nsameta_status check_kept(const nsameta_problem& p, const nsameta_plan& plan, int place) {
  const char* const name = row_of(plan.kind).name;
  const std::int64_t each = lengths_of(p).uniform_rows;
  if (packs_rows(plan) && p.batch_size * each > most_packed_rows)
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: %s is asked for, but batch_size is %" PRId64 " and each request has %" PRId64
                " rows: more than %" PRId64 " in all",
                place, name, p.batch_size, each, most_packed_rows);
  const bool has_drafts = p.mode == NSAMETA_TARGET_VERIFY || p.mode == NSAMETA_DRAFT_EXTEND;
  if (const std::int64_t most = most_drafts(plan);
      plan.kind == NSAMETA_PLAN_STATE_WRITE && has_drafts && most > 0 && each > most)
    return fail(bad,
                "plans[%d]: state_write: draft_exceeds_ring: uniform_extend_len is %" PRId64
                ", but a ring of %d keeps %" PRId64 ": a token that is accepted could be lost",
                place, each, plan.ring, most);
  if (p.batch_size == 0) return NSAMETA_OK;
  if (p.req_to_token.data == nullptr)
    return fail(bad, "req_to_token is absent, but plans[%d] asks for %s", place, row_of(plan.kind).buffers.back().name);
  if (plan.preset == NSAMETA_STATE_OF_WINDOW && p.full_to_swa.data == nullptr)
    return fail(bad, "full_to_swa is absent, but plans[%d] is of a state that is found by it", place);
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (plan.preset == NSAMETA_STATE_OF_REQUEST && p.req_to_token.slots > (most + 1) / plan.ring)
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: %s: ring is %d: req_to_token.slots, which is %" PRId64
                ", times it are more slots than int32 counts",
                place, name, plan.ring, p.req_to_token.slots);
  if (plan.preset == NSAMETA_STATE_RUNNING && p.req_to_token.slots > most + 1 - plan.slot_offset)
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: %s: slot_offset is %d: req_to_token.slots, which is %" PRId64
                ", and it are more slots than int32 counts",
                place, name, plan.slot_offset, p.req_to_token.slots);
  return NSAMETA_OK;
}

/// A plan's constants and buffers; `place`: its own in the list.
nsameta_status check_plan(const nsameta_problem& p, const nsameta_plan& plan, int place, output_ranges* ranges) {
  const int number = raw_value(plan.kind);
  if (number < 0 || number >= static_cast<int>(plan_kinds.size())) {
    name_list known;
    for (std::size_t i = 0; i < plan_kinds.size(); ++i) known.add(plan_kinds[i].name, static_cast<int>(i));
    return fail(bad, "plans[%d].kind is %d, none of %s", place, number, known.text());
  }
  const plan_kind& kind = row_of(plan.kind);
  if (plan.preset < 0 || plan.preset >= std::max(1, static_cast<int>(kind.presets.size()))) {
    name_list known;
    for (std::size_t i = 0; i < kind.presets.size(); ++i) known.add(kind.presets[i], static_cast<int>(i));
    return kind.presets.empty()
               ? fail(bad, "plans[%d]: %s: preset is %d, but the plan has no versions", place, kind.name, plan.preset)
               : fail(bad, "plans[%d]: %s: preset is %d, none of %s", place, kind.name, plan.preset, known.text());
  }
  for (std::size_t i = 0; i < std::size(plan.reserved); ++i)
    if (plan.reserved[i] != 0)
      return fail(NSAMETA_UNSUPPORTED, "plans[%d]: %s: reserved[%zu] is %d: this version knows 0 alone", place,
                  kind.name, i, plan.reserved[i]);
  for (const plan_kind& other : plan_kinds)
    for (const plan_constant& constant : other.constants)
      if (plan.*constant.member != 0 && !has(kind, constant.member))
        return fail(NSAMETA_UNSUPPORTED, "plans[%d]: %s: %s is %d, but the plan has none: 0 is wanted", place,
                    kind.name, constant.name, plan.*constant.member);
  for (std::size_t i = kind.buffers.size(); i < NSAMETA_PLAN_BUFFERS; ++i)
    if (plan.buffers[i].data != nullptr)
      return fail(NSAMETA_UNSUPPORTED, "plans[%d]: %s: buffers[%zu] is given, but the plan has %zu", place, kind.name,
                  i, kind.buffers.size());
  for (const plan_constant& constant : kind.constants)
    if (const std::int32_t value = plan.*constant.member; value < constant.least || value > constant.most)
      return fail(bad, "plans[%d]: %s: %s is %d, outside [%d, %d]", place, kind.name, constant.name, value,
                  constant.least, constant.most);
  if (p.q_shard.size > 1)
    return fail(NSAMETA_UNSUPPORTED, "plans[%d]: %s is asked for, but q_shard.size is %d: plans are of whole batches",
                place, kind.name, p.q_shard.size);
  if (p.batch_size > most_plan_requests)
    return fail(NSAMETA_UNSUPPORTED, "plans[%d]: %s is asked for, but batch_size is %" PRId64 ", more than %" PRId64,
                place, kind.name, p.batch_size, most_plan_requests);
  const batch_lengths lengths = lengths_of(p);
  if (kind.of_rows && lengths.uniform_rows == 0 && p.batch_size > 0)
    return fail(NSAMETA_UNSUPPORTED,
                "plans[%d]: %s is asked for, but requests have extend_seq_lens rows: it wants as many of each", place,
                kind.name);
  if (plan.kind == NSAMETA_PLAN_TOPK)  // one more row than there are
    if (auto s = check_counted(plan, p.batch_size * lengths.uniform_rows, "rows", place, 1)) return s;
  if (plan.kind == NSAMETA_PLAN_AITER)
    if (auto s = check_entries(plan, p.batch_size * lengths.uniform_rows * plan.head_ratio, place)) return s;
  if (plan.kind == NSAMETA_PLAN_ZIGZAG)
    if (auto s = check_zigzag(p, plan, place)) return s;
  if (plan.kind == NSAMETA_PLAN_DCP_LOCAL)
    if (auto s = check_counted(plan, p.batch_size * p.kv_shard.size, "lengths", place)) return s;
  if (plan.kind == NSAMETA_PLAN_LOCAL_SLOTS && p.batch_size > 0 && p.req_to_token.data == nullptr &&
      !follows_given_slots(plan, p))
    return fail(bad, "req_to_token and out_cache_loc are absent, but plans[%d] asks for local_out_loc", place);
  if (plan.kind == NSAMETA_PLAN_PAGE_LIST)
    if (auto s = check_page_list(p, plan, place)) return s;
  if (has(kind, &nsameta_plan::ratio) && has(kind, &nsameta_plan::block))
    if (auto s = check_places(p, plan, place)) return s;
  if (plan.kind == NSAMETA_PLAN_WINDOW)
    if (auto s = check_window(p, plan, place)) return s;
  if (has(kind, &nsameta_plan::slot_offset)) {
    if (auto s = check_state(plan, place)) return s;
    if (auto s = check_kept(p, plan, place)) return s;
  }
  if (plan.kind == NSAMETA_PLAN_COMPRESSED_CANDIDATES)
    if (auto s = check_counted(plan, p.batch_size * columns_of(plan, kind.buffers.back()), "entries", place)) return s;
  for (std::size_t i = 0; i < kind.buffers.size(); ++i) {
    const plan_buffer& buffer = kind.buffers[i];
    const nsameta_vector& vector = plan.buffers[i];
    if (vector.data == nullptr) {
      if (may_be_absent(kind, i)) continue;
      return fail(bad, "plans[%d]: %s is absent", place, buffer.name);
    }
    const bool wide = buffer.dtype == NSAMETA_INT64;
    if (raw_value(vector.dtype) == (wide ? NSAMETA_INT32 : NSAMETA_INT64))
      return fail(bad, "plans[%d]: %s.dtype is %s, but the field is %s", place, buffer.name,
                  wide ? "int32 (0)" : "int64 (1)", wide ? "int64 (1)" : "int32 (0)");
    if (auto s = check_elements(buffer.name, vector.data, vector.dtype))
      return fail(s, "plans[%d]: %s", place, nsameta_last_error());
    const std::int64_t needed = rows_of(plan, buffer, p, lengths.uniform_rows) * columns_of(plan, buffer, p);
    if (vector.capacity < needed)
      return fail(bad, "plans[%d]: %s.capacity is %" PRId64 ", less than the %" PRId64 " elements that it has", place,
                  buffer.name, vector.capacity, needed);
    if (const std::int64_t padded = padding_end(plan, buffer, p); padded > 0 && rows_held(plan, i) < padded)
      return fail(bad, "plans[%d]: %s.capacity is %" PRId64 ", room for %" PRId64 " rows, but pad_rows_to is %" PRId64,
                  place, buffer.name, vector.capacity, rows_held(plan, i), p.pad_rows_to);
    byte_range range;
    if (!make_range(vector.data, vector.capacity, element_bytes(vector.dtype), buffer.name, &range))
      return fail(bad, "plans[%d]: %s.capacity is %" PRId64 ", which reaches past the end of memory", place,
                  buffer.name, vector.capacity);
    ranges->add(range);
  }
  return NSAMETA_OK;
}

}  // namespace

nsameta_status check_plans(const nsameta_problem& p, const nsameta_outputs& o, output_ranges* ranges) {
  if (o.plan_count < 0 || o.plan_count > NSAMETA_MAX_PLANS)
    return fail(bad, "plan_count is %" PRId64 ", outside [0, %d]", o.plan_count, NSAMETA_MAX_PLANS);
  if (o.plans == nullptr) return fail(bad, "plans is null, but plan_count is %" PRId64, o.plan_count);
  for (int place = 0; place < o.plan_count; ++place)
    if (auto s = check_plan(p, o.plans[place], place, ranges)) return s;
  return NSAMETA_OK;
}

}  // namespace nsameta
