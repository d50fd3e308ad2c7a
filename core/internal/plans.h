/// The plans as data: one row a kind, so that validation, staging, JSON, comparison and Python walk the same list.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "nsameta/nsameta.h"

namespace nsameta {

/// Named for the same reason as vector_member.
using plan_member = std::int32_t nsameta_plan::*;

struct plan_constant {
  const char* name;  ///< as its library calls it
  plan_member member;
  std::int32_t least, most;
  std::int32_t usual;  ///< where a problem in JSON, or in Python, does not say
};

/// What a row of DeepGEMM's table of versions says.
struct mqa_preset {
  const char* name;
  std::int32_t split;                           ///< keys
  enum { one, half_if_even, half, all } atoms;  ///< units for each split of a request of n query rows
  bool extra_first;                             ///< whether the units left over go to the first SMs, not to the last
  bool counts_rows;                             ///< whether coordinates count query rows, not atoms
  bool stays_at_end;  ///< whether SMs without a unit begin at the last request where there is no unit at all

  constexpr std::int32_t atoms_of(std::int32_t n) const {
    return atoms == one ? 1 : atoms == all ? n : atoms == half || n % 2 == 0 ? (n + 1) / 2 : n;
  }
};

/// In the order of nsameta_mqa_preset.
inline constexpr auto mqa_presets = std::to_array<mqa_preset>({
    {"dg-2025-09", 256, mqa_preset::one, true, false, false},
    {"dg-2026-04", 256, mqa_preset::half_if_even, true, false, false},
    {"dg-2026-04b", 256, mqa_preset::half, true, false, false},
    {"dg-2026-06", 256, mqa_preset::half, false, false, false},
    {"dg-2026-06-sm100", 256, mqa_preset::all, true, true, false},
    {"dg-2026-08-sm90", 256, mqa_preset::one, false, false, false},
    {"dg-nv-sm90", 256, mqa_preset::one, false, false, true},
    {"dg-nv-sm100", 256, mqa_preset::half, false, false, true},
    {"dg-nv-sm120", 128, mqa_preset::half, false, false, true},
});

inline constexpr auto mqa_preset_names = [] {
  std::array<const char*, mqa_presets.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = mqa_presets[i].name;
  return names;
}();

/// In the order of nsameta_flashmla_preset.
inline constexpr auto flashmla_preset_names = std::to_array<const char*>({"2026", "2025"});

/// In the order of nsameta_aiter_preset.
inline constexpr auto aiter_preset_names = std::to_array<const char*>({"fast", "intra", "intra-gfx942"});

/// In the order of nsameta_blocks_preset.
inline constexpr auto blocks_preset_names = std::to_array<const char*>({"request", "row"});

/// In the order of nsameta_state_preset.
inline constexpr auto state_preset_names = std::to_array<const char*>({"request", "swa", "online"});

/// In the order of nsameta_window_preset.
inline constexpr auto window_preset_names = std::to_array<const char*>({"full_to_swa", "ring", "position"});

inline constexpr auto page_list_preset_names = std::to_array<const char*>({"req_to_token", "block_table"});

/// In the order of nsameta_context_lens_preset.
inline constexpr auto context_lens_preset_names = std::to_array<const char*>({"rows", "repeated"});

struct plan_buffer {
  const char* name;
  static constexpr std::int32_t ranks = 0, query_rows = -1, own = -2, state_words = -3, candidates = -4;
  /// 1: a vector; `ranks`: as many as the kv_shard has; `query_rows`: next_n; `own`: the plan's own `columns`;
  /// `state_words`: as many as its preset says; `candidates`: entries that next_n tokens reach.
  std::int32_t columns;
  /// `listed`: as many as the plan's first buffer ends with. `batch_rows`: as many as the batch has, or as
  /// it has requests. `padded_rows`: the same, and padding rows. Of these, as many as the buffer has room for.
  enum {
    one,
    parts,
    parts_plus_one,
    requests,
    requests_plus_one,
    rows_plus_one,
    entries,
    entries_plus_one,
    works,
    request_blocks,
    request_pairs,
    listed,
    batch_rows,
    padded_rows
  } rows;
  nsameta_dtype dtype = NSAMETA_INT32;
};

struct plan_kind {
  const char* name;
  std::span<const char* const> presets;  ///< by number; none: the plan has no versions
  std::span<const plan_constant> constants;
  std::span<const plan_buffer> buffers;
  bool of_rows = false;   ///< whether its lengths are those of rows, as many of each request
  bool optional = false;  ///< whether any buffer may be absent
};

inline constexpr std::int32_t most_parts = 1024;
inline constexpr std::int32_t most_query_rows = 64;
inline constexpr std::int32_t most_ratio = 65536;
/// Requests that a plan may have: sums over them are in int32.
inline constexpr std::int64_t most_plan_requests = std::int64_t{1} << 20;
/// What the units of a plan's requests add up to at most. A request counts at most its share of that.
inline constexpr std::int64_t most_plan_units = std::int64_t{1} << 29;
inline std::int64_t share_of_request(const nsameta_problem& problem) {
  return most_plan_units / (problem.batch_size > 1 ? problem.batch_size : 1);
}

namespace plan_rows {

inline constexpr auto paged_mqa = std::to_array<plan_constant>({
    {"num_sms", &nsameta_plan::parts, 1, most_parts, 132},
    {"next_n", &nsameta_plan::next_n, 1, most_query_rows, 1},
});
inline constexpr auto paged_mqa_buffers =
    std::to_array<plan_buffer>({{"paged_mqa_schedule", 2, plan_buffer::parts_plus_one}});

inline constexpr auto flashmla = std::to_array<plan_constant>({
    {"num_sm_parts", &nsameta_plan::parts, 1, most_parts, 132},
    {"block", &nsameta_plan::block, 1, 1024, 64},
    {"overhead", &nsameta_plan::overhead, 0, 64, 5},
    {"topk", &nsameta_plan::topk, 0, 1 << 20, 0},
    {"extra_topk", &nsameta_plan::extra_topk, 0, 1 << 20, 0},
});
inline constexpr auto flashmla_buffers = std::to_array<plan_buffer>(
    {{"tile_scheduler_metadata", 8, plan_buffer::parts}, {"num_splits", 1, plan_buffer::requests_plus_one}});

inline constexpr auto topk = std::to_array<plan_constant>({
    {"static_threshold", &nsameta_plan::threshold, 0, 2147483647, 0},
});
inline constexpr auto topk_buffers = std::to_array<plan_buffer>({{"topk_plan", 2, plan_buffer::rows_plus_one}});

inline constexpr auto aiter = std::to_array<plan_constant>({
    {"num_cu", &nsameta_plan::parts, 1, most_parts, 304},
    {"kv_granularity", &nsameta_plan::block, 1, 1024, 16},
    {"topk", &nsameta_plan::topk, 0, 1 << 20, 0},
    {"page_size", &nsameta_plan::page_size, 1, 1024, 1},
    {"max_splits", &nsameta_plan::most_splits, 0, 1 << 20, 0},
    {"head_ratio", &nsameta_plan::head_ratio, 1, 64, 1},
});
inline constexpr auto aiter_buffers = std::to_array<plan_buffer>({{"work_indptr", 1, plan_buffer::parts_plus_one},
                                                                  {"work_info_set", 8, plan_buffer::works},
                                                                  {"reduce_indptr", 1, plan_buffer::entries_plus_one},
                                                                  {"reduce_final_map", 2, plan_buffer::entries},
                                                                  {"reduce_partial_map", 1, plan_buffer::works}});

inline constexpr auto page_list_buffers = std::to_array<plan_buffer>({{"kv_indptr", 1, plan_buffer::requests_plus_one},
                                                                      {"kv_indices", 1, plan_buffer::listed},
                                                                      {"kv_last_page_len", 1, plan_buffer::requests}});

inline constexpr auto logits_buffers =
    std::to_array<plan_buffer>({{"cu_num_logits", 1, plan_buffer::requests_plus_one},
                                {"logits_indices", 1, plan_buffer::listed, NSAMETA_INT64},
                                {"expanded_req", 1, plan_buffer::listed},
                                {"expanded_local_pos", 1, plan_buffer::listed}});

inline constexpr auto dcp_local_buffers =
    std::to_array<plan_buffer>({{"dcp_local_seq_lens", plan_buffer::ranks, plan_buffer::requests}});

inline constexpr auto local_slots_buffers =
    std::to_array<plan_buffer>({{"local_out_loc", 1, plan_buffer::batch_rows, NSAMETA_INT64}});

inline constexpr auto zigzag = std::to_array<plan_constant>({
    {"cp_size", &nsameta_plan::parts, 1, most_parts, 2},
    {"cp_rank", &nsameta_plan::rank, 0, most_parts - 1, 0},
});
inline constexpr auto zigzag_buffers =
    std::to_array<plan_buffer>({{"split_list", 1, plan_buffer::request_blocks},
                                {"zigzag_index", 1, plan_buffer::request_pairs},
                                {"per_rank_tokens", 1, plan_buffer::parts},
                                {"q_prev", 1, plan_buffer::requests},
                                {"q_next", 1, plan_buffer::requests},
                                {"kv_prev", 1, plan_buffer::requests},
                                {"kv_next", 1, plan_buffer::requests},
                                {"cp_reverse_index", 1, plan_buffer::request_blocks},
                                {"reverse_split_len", 1, plan_buffer::request_blocks}});

inline constexpr auto context_lens = std::to_array<plan_constant>({
    {"next_n", &nsameta_plan::next_n, 1, most_query_rows, 1},
});
inline constexpr auto context_lens_buffers =
    std::to_array<plan_buffer>({{"context_lens", plan_buffer::query_rows, plan_buffer::requests}});

inline constexpr plan_constant ratio{"ratio", &nsameta_plan::ratio, 1, most_ratio, 4};
inline constexpr plan_constant block_size{"block_size", &nsameta_plan::block, 1, 65536, 64};
inline constexpr plan_constant entries_read{"topk", &nsameta_plan::topk, 0, 2147483647, 0};
inline constexpr plan_constant blocks_from{"blocks_from", &nsameta_plan::blocks_from, 0, NSAMETA_BLOCK_TABLES, 0};
inline constexpr plan_constant invalid_tail{"invalid_tail", &nsameta_plan::invalid_tail, 0, 1, 0};
inline constexpr plan_constant columns{"columns", &nsameta_plan::columns, 1, 1 << 30, 0};
inline constexpr plan_constant index_align{"index_align", &nsameta_plan::index_align, 1, 65536, 64};
inline constexpr auto compressed_rows = std::to_array<plan_constant>({
    ratio,
    block_size,
    entries_read,
    {"no_slot", &nsameta_plan::no_slot, -2147483647 - 1, 2147483647, 0},
    blocks_from,
});
inline constexpr auto compressed_rows_buffers =
    std::to_array<plan_buffer>({{"seq_lens", 1, plan_buffer::padded_rows},
                                {"seq_lens_clamp1", 1, plan_buffer::padded_rows},
                                {"sparse_lens", 1, plan_buffer::padded_rows},
                                {"positions", 1, plan_buffer::padded_rows},
                                {"out_loc", 1, plan_buffer::batch_rows, NSAMETA_INT64}});

inline constexpr auto compressed_requests = std::to_array<plan_constant>({ratio});
inline constexpr auto compressed_requests_buffers =
    std::to_array<plan_buffer>({{"past_lens", 1, plan_buffer::requests},
                                {"kv_lens", 1, plan_buffer::requests},
                                {"cu_new_lens", 1, plan_buffer::requests_plus_one}});

inline constexpr plan_constant overlap{"overlap", &nsameta_plan::overlap, 0, 1, 0};
inline constexpr auto compressed_events = std::to_array<plan_constant>({ratio, overlap, invalid_tail});
inline constexpr auto compressed_events_buffers =
    std::to_array<plan_buffer>({{"num_events", 1, plan_buffer::one}, {"events", 4, plan_buffer::listed}});

inline constexpr auto compressed_carries = std::to_array<plan_constant>({ratio, invalid_tail});
inline constexpr auto compressed_carries_buffers =
    std::to_array<plan_buffer>({{"num_carries", 1, plan_buffer::one}, {"carries", 4, plan_buffer::listed}});

inline constexpr auto ragged_rows =
    std::to_array<plan_constant>({ratio, {"ragged_align", &nsameta_plan::ragged_align, 1, 65536, 1}});
inline constexpr auto ragged_rows_buffers =
    std::to_array<plan_buffer>({{"cu_kv_lens", 1, plan_buffer::requests_plus_one},
                                {"ks", 1, plan_buffer::batch_rows},
                                {"ke", 1, plan_buffer::batch_rows}});

inline constexpr auto ragged_blocks = std::to_array<plan_constant>({ratio, block_size, blocks_from});
inline constexpr auto ragged_blocks_buffers =
    std::to_array<plan_buffer>({{"num_blocks", 1, plan_buffer::one}, {"ragged_block_table", 1, plan_buffer::listed}});

inline constexpr plan_constant state_ring{"ring", &nsameta_plan::ring, 1, 1 << 20, 8};
inline constexpr plan_constant swa_page_size{"swa_page_size", &nsameta_plan::page_size, 0, 1 << 30, 0};
inline constexpr plan_constant slot_offset{"slot_offset", &nsameta_plan::slot_offset, 0, 2147483647, 0};
inline constexpr auto state_decode_buffers = std::to_array<plan_buffer>({{"decode_plan", 4, plan_buffer::requests}});
inline constexpr auto state_decode =
    std::to_array<plan_constant>({ratio, overlap, state_ring, swa_page_size, slot_offset});
inline constexpr auto state_step =
    std::to_array<plan_constant>({ratio, overlap, state_ring, swa_page_size, slot_offset, invalid_tail});
inline constexpr auto state_compress_buffers =
    std::to_array<plan_buffer>({{"num_compressed", 1, plan_buffer::one}, {"compress_plan", 4, plan_buffer::listed}});
inline constexpr auto state_write_buffers = std::to_array<plan_buffer>(
    {{"num_writes", 1, plan_buffer::one}, {"write_plan", plan_buffer::state_words, plan_buffer::listed}});

inline constexpr auto compressed_candidates =
    std::to_array<plan_constant>({ratio, block_size, {"next_n", &nsameta_plan::next_n, 1, 65536, 1}, blocks_from});
inline constexpr auto compressed_candidates_buffers =
    std::to_array<plan_buffer>({{"write_start", 1, plan_buffer::requests},
                                {"tail_start", 1, plan_buffer::requests},
                                {"candidate_loc", plan_buffer::candidates, plan_buffer::requests, NSAMETA_INT64}});

inline constexpr auto compressed_indices = std::to_array<plan_constant>({
    ratio,
    block_size,
    entries_read,
    columns,
    index_align,
    blocks_from,
    invalid_tail,
});
inline constexpr auto compressed_indices_buffers =
    std::to_array<plan_buffer>({{"page_indices", plan_buffer::own, plan_buffer::padded_rows}});

inline constexpr auto compressed_blocks = std::to_array<plan_constant>({ratio, block_size, columns, blocks_from});
inline constexpr auto compressed_blocks_buffers =
    std::to_array<plan_buffer>({{"block_table", plan_buffer::own, plan_buffer::padded_rows}});

inline constexpr auto window = std::to_array<plan_constant>({
    {"swa_window", &nsameta_plan::window, 1, 1 << 20, 128},
    {"swa_ring", &nsameta_plan::ring, 0, 1 << 20, 0},
    {"oldest_first", &nsameta_plan::oldest_first, 0, 1, 0},
    {"whole_step", &nsameta_plan::whole_step, 0, 1, 0},
    columns,
    index_align,
});
inline constexpr auto window_buffers =
    std::to_array<plan_buffer>({{"swa_lens", 1, plan_buffer::padded_rows},
                                {"swa_page_indices", plan_buffer::own, plan_buffer::padded_rows},
                                {"swa_out_loc", 1, plan_buffer::batch_rows}});

}  // namespace plan_rows

/// In the order of nsameta_plan_kind.
inline constexpr auto plan_kinds = std::to_array<plan_kind>({
    {"paged_mqa_schedule", mqa_preset_names, plan_rows::paged_mqa, plan_rows::paged_mqa_buffers},
    {"flashmla", flashmla_preset_names, plan_rows::flashmla, plan_rows::flashmla_buffers},
    {"topk_plan", {}, plan_rows::topk, plan_rows::topk_buffers, true},
    {"aiter", aiter_preset_names, plan_rows::aiter, plan_rows::aiter_buffers, true},
    {"page_list", page_list_preset_names, {}, plan_rows::page_list_buffers},
    {"logits_rows", {}, {}, plan_rows::logits_buffers},
    {"dcp_local", {}, {}, plan_rows::dcp_local_buffers},
    {"zigzag", {}, plan_rows::zigzag, plan_rows::zigzag_buffers},
    {"context_lens", context_lens_preset_names, plan_rows::context_lens, plan_rows::context_lens_buffers},
    {"compressed_rows", {}, plan_rows::compressed_rows, plan_rows::compressed_rows_buffers, false, true},
    {"compressed_requests", {}, plan_rows::compressed_requests, plan_rows::compressed_requests_buffers, false, true},
    {"compressed_indices", {}, plan_rows::compressed_indices, plan_rows::compressed_indices_buffers},
    {"compressed_blocks", blocks_preset_names, plan_rows::compressed_blocks, plan_rows::compressed_blocks_buffers},
    {"window", window_preset_names, plan_rows::window, plan_rows::window_buffers, false, true},
    {"compressed_events", {}, plan_rows::compressed_events, plan_rows::compressed_events_buffers},
    {"compressed_carries", {}, plan_rows::compressed_carries, plan_rows::compressed_carries_buffers},
    {"ragged_rows", {}, plan_rows::ragged_rows, plan_rows::ragged_rows_buffers, false, true},
    {"ragged_blocks", {}, plan_rows::ragged_blocks, plan_rows::ragged_blocks_buffers},
    {"state_decode", state_preset_names, plan_rows::state_decode, plan_rows::state_decode_buffers},
    {"state_compress", state_preset_names, plan_rows::state_step, plan_rows::state_compress_buffers},
    {"state_write", state_preset_names, plan_rows::state_step, plan_rows::state_write_buffers},
    {"compressed_candidates",
     {},
     plan_rows::compressed_candidates,
     plan_rows::compressed_candidates_buffers,
     false,
     true},
    {"local_slots", {}, {}, plan_rows::local_slots_buffers},
});

/// Whether a kind has the constant: what it has not is 0.
inline bool has(const plan_kind& kind, plan_member member) {
  for (const plan_constant& constant : kind.constants)
    if (constant.member == member) return true;
  return member == &nsameta_plan::preset && !kind.presets.empty();
}

/// Whether a plan's slots of rows follow the KV slots that the engine gives of them, so that none is looked up.
inline bool follows_given_slots(const nsameta_plan& plan, const nsameta_problem& problem) {
  if (problem.out_cache_loc.data == nullptr) return false;
  if (plan.kind == NSAMETA_PLAN_WINDOW) return plan.preset == NSAMETA_WINDOW_OF_SLOTS;
  if (plan.kind == NSAMETA_PLAN_COMPRESSED_ROWS)  // a block is a page
    return std::int64_t{plan.block} * plan.ratio == problem.page_size && problem.kv_shard.size == 1 &&
           plan.blocks_from == 0;
  return plan.kind == NSAMETA_PLAN_LOCAL_SLOTS;
}

inline const plan_kind& row_of(nsameta_plan_kind kind) { return plan_kinds[static_cast<std::size_t>(kind)]; }

/// Pieces that aiter's intra form may cut an entry in, of `entries`.
inline std::int64_t most_pieces(const nsameta_plan& plan, std::int64_t entries) {
  if (plan.preset == NSAMETA_AITER_INTRA_GFX942) return 16;
  const std::int64_t share = (plan.parts + entries - 1) / (entries > 0 ? entries : 1);
  const std::int64_t most = plan.most_splits > 0 && plan.most_splits < share ? plan.most_splits : share;
  return most > 1 ? most : 1;
}

/// Rows of a plan's buffer, where requests have `rows_each` rows each; of what has any number, 0.
inline std::int64_t rows_of(const nsameta_plan& plan, const plan_buffer& buffer, const nsameta_problem& problem,
                            std::int64_t rows_each) {
  const std::int64_t requests = problem.batch_size, rows = requests * rows_each, entries = rows * plan.head_ratio;
  const std::int64_t works =
      plan.preset == NSAMETA_AITER_FAST ? entries + plan.parts : entries * most_pieces(plan, entries);
  const std::int64_t parts = plan.parts;
  const std::int64_t counts[] = {1,
                                 parts,
                                 parts + 1,
                                 requests,
                                 requests + 1,
                                 rows + 1,
                                 entries,
                                 entries + 1,
                                 works,
                                 2 * parts * requests,
                                 2 * requests,
                                 0,
                                 0,
                                 0};
  return counts[buffer.rows];
}

/// Whether a plan does without buffer `place`: of a list all but the first, which says how long it is.
inline bool may_be_absent(const plan_kind& kind, std::size_t place) {
  return kind.optional || (place > 0 && kind.buffers[1].rows == plan_buffer::listed);
}

/// Whether a buffer ends where its caller says, and what is longer loses its end there.
inline bool has_any_length(const plan_buffer& buffer) {
  return buffer.rows == plan_buffer::listed || buffer.rows == plan_buffer::batch_rows ||
         buffer.rows == plan_buffer::padded_rows;
}

/// Padding rows that a plan's buffer has with those of the batch: up to so many.
inline std::int64_t padding_end(const nsameta_plan& plan, const plan_buffer& buffer, const nsameta_problem& problem) {
  const bool of_requests = plan.kind == NSAMETA_PLAN_COMPRESSED_BLOCKS && plan.preset == NSAMETA_BLOCKS_OF_REQUESTS;
  return buffer.rows != plan_buffer::padded_rows || of_requests || problem.batch_size == 0 ? 0 : problem.pad_rows_to;
}

/// Whether a buffer is a table, whose rows have each as many columns as are live.
inline bool is_table(const plan_buffer& buffer) { return buffer.columns == plan_buffer::own; }

/// Of a buffer whose columns are the plan's.
inline std::int64_t columns_of(const nsameta_plan& plan, const plan_buffer& buffer) {
  switch (buffer.columns) {
    case plan_buffer::own:
      return plan.columns;
    case plan_buffer::query_rows:
      return plan.next_n;
    case plan_buffer::state_words:
      return plan.preset == NSAMETA_STATE_RUNNING ? 4 : 2;
    case plan_buffer::candidates:
      return (plan.next_n + plan.ratio - 1) / plan.ratio;
    default:
      return buffer.columns;
  }
}
inline std::int64_t columns_of(const nsameta_plan& plan, const plan_buffer& buffer, const nsameta_problem& problem) {
  return buffer.columns == plan_buffer::ranks ? problem.kv_shard.size : columns_of(plan, buffer);
}

/// Whole rows that a list or a table has room for.
inline std::int64_t rows_held(const nsameta_plan& plan, std::size_t place) {
  return plan.buffers[place].capacity / columns_of(plan, row_of(plan.kind).buffers[place]);
}

/// Tokens that an entry is made from.
inline std::int32_t tokens_of_entry(const nsameta_plan& plan) {
  return plan.overlap != 0 ? 2 * plan.ratio : plan.ratio;
}

/// Whether a plan's words have 16 bits for a row's number.
inline bool packs_rows(const nsameta_plan& plan) {
  return plan.kind == NSAMETA_PLAN_STATE_COMPRESS ||
         (plan.kind == NSAMETA_PLAN_STATE_WRITE && plan.preset == NSAMETA_STATE_RUNNING);
}
/// What such a word holds: rows, and tokens beside a row.
inline constexpr std::int64_t most_packed_rows = 65536, most_packed_tokens = 32767;

/// Drafts of a step that a state keeps, so that all but the first may be rejected: an entry after the step is made from
/// window - 2 tokens before the drafts at most. 0: a ring of `window` slots keeps what an entry needs and no more.
inline std::int64_t most_drafts(const nsameta_plan& plan) {
  const std::int32_t window = tokens_of_entry(plan);
  return plan.ring > window ? std::int64_t{plan.ring} - window + 2 : 0;
}

inline std::span<const nsameta_plan> plans_of(const nsameta_outputs& outputs) {
  return {outputs.plans, static_cast<std::size_t>(outputs.plan_count)};
}

}  // namespace nsameta
