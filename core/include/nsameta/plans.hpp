/// Functions that make plans: what a kernel of another library, or the sampler, is given beside the tables. A plan goes
/// to outputs::with_plans of nsameta.hpp, which includes this. What a function does not take, such as invalid_tail, is
/// set in the plan that it returns.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "nsameta/nsameta.h"

namespace nsameta {

/// Of an empty span an address that is not null, which would mean that the output is not wanted. Nothing is written.
template <class Element>
void* memory_of(std::span<Element> data) noexcept {
  static std::int64_t no_element = 0;
  return data.data() != nullptr ? static_cast<void*>(data.data()) : &no_element;
}

/// An output vector of all elements of a span.
inline nsameta_vector vector_of(std::span<std::int32_t> data) noexcept {
  return {memory_of(data), static_cast<std::int64_t>(data.size()), NSAMETA_INT32};
}
/// The same of int64, for fields that may be or are.
inline nsameta_vector vector_of(std::span<std::int64_t> data) noexcept {
  return {memory_of(data), static_cast<std::int64_t>(data.size()), NSAMETA_INT64};
}
/// The same of bool, for is_padding.
inline nsameta_vector vector_of(std::span<bool> data) noexcept {
  return {memory_of(data), static_cast<std::int64_t>(data.size()), NSAMETA_BOOL};
}

/// Asks for a plan's first buffers, all of them.
inline void ask_for_all(nsameta_plan& plan, std::initializer_list<std::span<std::int32_t>> buffers) noexcept {
  nsameta_vector* next = plan.buffers;
  for (const std::span<std::int32_t> buffer : buffers) *next++ = vector_of(buffer);
}
/// The same of those that are not empty.
inline void ask_for_wanted(nsameta_plan& plan, std::initializer_list<std::span<std::int32_t>> buffers) noexcept {
  nsameta_vector* next = plan.buffers;
  for (const std::span<std::int32_t> buffer : buffers) {
    if (!buffer.empty()) *next = vector_of(buffer);
    ++next;
  }
}

/// DeepGEMM's schedule of the indexer for `num_sms` SMs and `next_n` query rows a request, into [num_sms + 1, 2].
inline nsameta_plan paged_mqa_schedule(nsameta_mqa_preset preset, std::int32_t num_sms, std::int32_t next_n,
                                       std::span<std::int32_t> schedule) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_PAGED_MQA;
  plan.preset = preset;
  plan.parts = num_sms;
  plan.next_n = next_n;
  plan.buffers[0] = vector_of(schedule);
  return plan;
}

/// FlashMLA's tiles, into tile_scheduler_metadata [num_sm_parts, 8] and num_splits [bs + 1]. Dense unless `topk` is
/// above 0; then it, or topk_lens, says how many keys a request reads.
inline nsameta_plan flashmla_tiles(nsameta_flashmla_preset preset, std::int32_t num_sm_parts,
                                   std::span<std::int32_t> tiles, std::span<std::int32_t> num_splits,
                                   std::int32_t block = 64, std::int32_t overhead = 5, std::int32_t topk = 0,
                                   std::int32_t extra_topk = 0) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_FLASHMLA;
  plan.preset = preset;
  plan.parts = num_sm_parts;
  plan.block = block;
  plan.overhead = overhead;
  plan.topk = topk;
  plan.extra_topk = extra_topk;
  plan.buffers[0] = vector_of(tiles);
  plan.buffers[1] = vector_of(num_splits);
  return plan;
}

/// The rows that SGLang's top-k gives to a cluster, into [T + 1, 2]. `threshold`: 0 for the ladder.
inline nsameta_plan topk_plan(std::span<std::int32_t> rows, std::int32_t threshold = 0) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_TOPK;
  plan.threshold = threshold;
  plan.buffers[0] = vector_of(rows);
  return plan;
}

/// Where aiter's plan goes; nsameta_plan says what E and W are.
struct aiter_buffers {
  std::span<std::int32_t> work_indptr;         ///< [num_cu + 1]
  std::span<std::int32_t> work_info_set;       ///< [W, 8]
  std::span<std::int32_t> reduce_indptr;       ///< [E + 1]
  std::span<std::int32_t> reduce_final_map;    ///< [E, 2]
  std::span<std::int32_t> reduce_partial_map;  ///< [W]
};

/// aiter's works for `num_cu` units. Whoever wants another page size, limit or number of copies sets it in the result.
inline nsameta_plan aiter_works(nsameta_aiter_preset preset, std::int32_t num_cu, const aiter_buffers& to,
                                std::int32_t topk = 0, std::int32_t kv_granularity = 16) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_AITER;
  plan.preset = preset;
  plan.parts = num_cu;
  plan.block = kv_granularity;
  plan.topk = topk;
  plan.page_size = plan.head_ratio = 1;
  ask_for_all(plan, {to.work_indptr, to.work_info_set, to.reduce_indptr, to.reduce_final_map, to.reduce_partial_map});
  return plan;
}

/// The pages of each request's cache, into kv_indptr [bs + 1], kv_indices and, unless it is empty, kv_last_page_len
/// [bs].
inline nsameta_plan page_list(nsameta_page_list_preset preset, std::span<std::int32_t> indptr,
                              std::span<std::int32_t> indices, std::span<std::int32_t> last_page_len = {}) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_PAGE_LIST;
  plan.preset = preset;
  plan.buffers[0] = vector_of(indptr);
  plan.buffers[1] = vector_of(indices);
  if (!last_page_len.empty()) plan.buffers[2] = vector_of(last_page_len);
  return plan;
}

/// The rows whose logits are wanted, into cu_num_logits [bs + 1] and logits_indices; unless they are empty, the request
/// of each and its number there into expanded_req and expanded_local_pos.
inline nsameta_plan logits_rows(std::span<std::int32_t> sums, std::span<std::int64_t> indices,
                                std::span<std::int32_t> requests = {},
                                std::span<std::int32_t> local_pos = {}) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_LOGITS_ROWS;
  plan.buffers[0] = vector_of(sums);
  plan.buffers[1] = vector_of(indices);
  if (!requests.empty()) plan.buffers[2] = vector_of(requests);
  if (!local_pos.empty()) plan.buffers[3] = vector_of(local_pos);
  return plan;
}

/// The cache lengths of all ranks of the problem's kv_shard, into dcp_local_seq_lens [bs, kv_shard.size].
inline nsameta_plan dcp_local(std::span<std::int32_t> lengths) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_DCP_LOCAL;
  plan.buffers[0] = vector_of(lengths);
  return plan;
}

/// Where a prefill in zigzag over C ranks is written down.
struct zigzag_buffers {
  std::span<std::int32_t> split_list;         ///< [bs * 2C]
  std::span<std::int32_t> zigzag_index;       ///< [2 * bs]
  std::span<std::int32_t> per_rank_tokens;    ///< [C]
  std::span<std::int32_t> q_prev;             ///< [bs]
  std::span<std::int32_t> q_next;             ///< [bs]
  std::span<std::int32_t> kv_prev;            ///< [bs]
  std::span<std::int32_t> kv_next;            ///< [bs]
  std::span<std::int32_t> cp_reverse_index;   ///< [bs * 2C]
  std::span<std::int32_t> reverse_split_len;  ///< [bs * 2C]
};

/// How a prefill is cut over `cp_size` ranks, and what `cp_rank` has of it. The problem has no q_shard: the plan is of
/// the whole batch on each rank.
inline nsameta_plan zigzag(std::int32_t cp_size, std::int32_t cp_rank, const zigzag_buffers& to) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_ZIGZAG;
  plan.parts = cp_size;
  plan.rank = cp_rank;
  ask_for_all(plan, {to.split_list, to.zigzag_index, to.per_rank_tokens, to.q_prev, to.q_next, to.kv_prev, to.kv_next,
                     to.cp_reverse_index, to.reverse_split_len});
  return plan;
}

/// The indexer's lengths of a batch with `next_n` query rows a request, into context_lens [bs, next_n].
inline nsameta_plan context_lens(nsameta_context_lens_preset preset, std::int32_t next_n,
                                 std::span<std::int32_t> lengths) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_CONTEXT_LENS;
  plan.preset = preset;
  plan.next_n = next_n;
  plan.buffers[0] = vector_of(lengths);
  return plan;
}

/// A compressed cache: one entry for `ratio` tokens.
struct compressed_cache {
  std::int32_t ratio;            ///< tokens
  std::int32_t block_size;       ///< entries, not tokens, that lie together: 64 of 4 tokens in a page of 256
  std::int32_t topk = 0;         ///< entries that a row reads at most; 0: all
  std::int32_t no_slot = 0;      ///< out_loc of a row that finishes no entry
  std::int32_t blocks_from = 0;  ///< the problem's block_tables[blocks_from - 1]; 0: req_to_token
};

/// Where its rows are written down, [T] each; what is empty is skipped.
struct compressed_rows_buffers {
  std::span<std::int32_t> seq_lens = {};         ///< entries that a row sees on this rank
  std::span<std::int32_t> seq_lens_clamp1 = {};  ///< the same, at least 1
  std::span<std::int32_t> sparse_lens = {};      ///< seq_lens_clamp1, at most topk
  std::span<std::int32_t> positions = {};        ///< of the entry that the row's token belongs to
  std::span<std::int64_t> out_loc = {};          ///< where that is written
};

/// What each row of the batch sees of a compressed cache, and where it writes.
inline nsameta_plan compressed_rows(const compressed_cache& cache, const compressed_rows_buffers& to) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_COMPRESSED_ROWS;
  plan.ratio = cache.ratio;
  plan.block = cache.block_size;
  plan.blocks_from = cache.blocks_from;
  plan.topk = cache.topk;
  plan.no_slot = cache.no_slot;
  ask_for_wanted(plan, {to.seq_lens, to.seq_lens_clamp1, to.sparse_lens, to.positions});
  if (!to.out_loc.empty()) plan.buffers[4] = vector_of(to.out_loc);
  return plan;
}

/// The slots of the entries that each row sees, into page_indices [T, columns].
inline nsameta_plan compressed_indices(const compressed_cache& cache, std::span<std::int32_t> page_indices,
                                       std::int32_t columns, std::int32_t index_align = 64) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_COMPRESSED_INDICES;
  plan.ratio = cache.ratio;
  plan.block = cache.block_size;
  plan.blocks_from = cache.blocks_from;
  plan.topk = cache.topk;
  plan.columns = columns;
  plan.index_align = index_align;
  plan.buffers[0] = vector_of(page_indices);
  return plan;
}

/// The blocks of each request, into block_table [bs, columns] or, for each row of the batch, [T, columns].
inline nsameta_plan compressed_blocks(nsameta_blocks_preset preset, const compressed_cache& cache,
                                      std::span<std::int32_t> block_table, std::int32_t columns) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_COMPRESSED_BLOCKS;
  plan.preset = preset;
  plan.ratio = cache.ratio;
  plan.block = cache.block_size;
  plan.blocks_from = cache.blocks_from;
  plan.columns = columns;
  plan.buffers[0] = vector_of(block_table);
  return plan;
}

/// A sliding window.
struct sliding_window {
  nsameta_window_preset kept;  ///< where its slots are
  std::int32_t size;           ///< positions
  std::int32_t ring = 0;       ///< of rings: slots of each request
  bool oldest_first = false;   ///< else the row's own position comes first
  bool whole_step = false;     ///< whether all rows of a request see the positions before the step, and all of it
};

/// What each row sees of it, into swa_lens [T], swa_page_indices [T, columns] and swa_out_loc [T]; what is empty is
/// skipped.
inline nsameta_plan window(const sliding_window& shape, std::span<std::int32_t> swa_lens,
                           std::span<std::int32_t> swa_page_indices, std::int32_t columns,
                           std::span<std::int32_t> swa_out_loc = {}, std::int32_t index_align = 64) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_WINDOW;
  plan.preset = shape.kept;
  plan.window = shape.size;
  plan.ring = shape.ring;
  plan.oldest_first = shape.oldest_first;
  plan.whole_step = shape.whole_step;
  plan.columns = columns;
  plan.index_align = index_align;
  ask_for_wanted(plan, {swa_lens, swa_page_indices, swa_out_loc});
  return plan;
}

/// The entries of each request before the step and after it, [bs] each, and the prefix sum of their number [bs + 1];
/// what is empty is skipped.
inline nsameta_plan compressed_requests(std::int32_t ratio, std::span<std::int32_t> past_lens,
                                        std::span<std::int32_t> kv_lens,
                                        std::span<std::int32_t> cu_new_lens = {}) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_COMPRESSED_REQUESTS;
  plan.ratio = ratio;
  ask_for_wanted(plan, {past_lens, kv_lens, cu_new_lens});
  return plan;
}

/// What rows see in a buffer of all requests' entries, one's after another's: the bounds of each row's, [T] each, and
/// where each request's part begins, [bs + 1]; what is empty is skipped. A part is a multiple of `ragged_align`
/// entries.
inline nsameta_plan ragged_rows(std::int32_t ratio, std::int32_t ragged_align, std::span<std::int32_t> cu_kv_lens,
                                std::span<std::int32_t> ks, std::span<std::int32_t> ke) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_RAGGED_ROWS;
  plan.ratio = ratio;
  plan.ragged_align = ragged_align;
  ask_for_wanted(plan, {cu_kv_lens, ks, ke});
  return plan;
}

/// The blocks that such a buffer is gathered from, into num_blocks [1] and ragged_block_table [any], which may be
/// empty.
inline nsameta_plan ragged_blocks(const compressed_cache& cache, std::span<std::int32_t> num_blocks,
                                  std::span<std::int32_t> ragged_block_table) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_RAGGED_BLOCKS;
  plan.ratio = cache.ratio;
  plan.block = cache.block_size;
  plan.blocks_from = cache.blocks_from;
  ask_for_wanted(plan, {num_blocks, ragged_block_table});
  return plan;
}

/// The rows that finish an entry, into num_events [1] and events [any, 4], which may be empty: row, request, positions
/// that the row sees, and tokens before the step that the entry is made from. `overlap`: whether it is made from twice
/// `ratio` tokens.
inline nsameta_plan compressed_events(std::int32_t ratio, bool overlap, std::span<std::int32_t> num_events,
                                      std::span<std::int32_t> events) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_COMPRESSED_EVENTS;
  plan.ratio = ratio;
  plan.overlap = overlap;
  ask_for_wanted(plan, {num_events, events});
  return plan;
}

/// The requests whose last entry is still open after the step, into num_carries [1] and carries [any, 4], which may be
/// empty: request, the first of the step's positions in that entry, its row, and how many they are.
inline nsameta_plan compressed_carries(std::int32_t ratio, std::span<std::int32_t> num_carries,
                                       std::span<std::int32_t> carries) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_COMPRESSED_CARRIES;
  plan.ratio = ratio;
  ask_for_wanted(plan, {num_carries, carries});
  return plan;
}

/// Where the raw tokens of a compressed cache wait until their entry is made.
struct token_state {
  nsameta_state_preset preset;  ///< where
  std::int32_t ratio;           ///< tokens of an entry
  std::int32_t ring;            ///< slots of each request, or of each page of the window's cache; of running states 1
  bool overlap = false;         ///< whether an entry is made from as many tokens before its own too
  std::int32_t swa_page_size = 0;  ///< of the window's cache, tokens, where the state is found by it
  std::int32_t slot_offset = 0;    ///< where running states begin
};

/// Where the tokens of a decode wait, into decode_plan [bs, 4]: what the request sees, the slot of its last token, and
/// the state pages of the entry before that token's and of its own.
inline nsameta_plan state_decode(const token_state& state, std::span<std::int32_t> decode_plan) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_STATE_DECODE;
  plan.preset = state.preset;
  plan.ratio = state.ratio;
  plan.ring = state.ring;
  plan.overlap = state.overlap;
  plan.page_size = state.swa_page_size;
  plan.slot_offset = state.slot_offset;
  plan.buffers[0] = vector_of(decode_plan);
  return plan;
}

/// The rows that finish an entry, into num_compressed [1] and compress_plan [any, 4], which may be empty: what the row
/// sees, the row in the low 16 bits with the window's tokens before the step above them, and the two state pages that
/// those are read from.
inline nsameta_plan state_compress(const token_state& state, std::span<std::int32_t> num_compressed,
                                   std::span<std::int32_t> compress_plan) noexcept {
  nsameta_plan plan = state_decode(state, {});
  plan.kind = NSAMETA_PLAN_STATE_COMPRESS;
  ask_for_wanted(plan, {num_compressed, compress_plan});
  return plan;
}

/// The step's tokens that later entries may be made from, into num_writes [1] and write_plan [any, 2], which may be
/// empty: row, and where it is kept. Of running states [any, 4]: end of the piece, row and tokens, state, pool row.
inline nsameta_plan state_write(const token_state& state, std::span<std::int32_t> num_writes,
                                std::span<std::int32_t> write_plan) noexcept {
  nsameta_plan plan = state_compress(state, num_writes, write_plan);
  plan.kind = NSAMETA_PLAN_STATE_WRITE;
  return plan;
}

/// Entries of a cache that a step can reach, finished or not, into any of write_start, tail_start [bs each] and
/// candidate_loc [bs, ceil(tokens / ratio)]; what is empty is skipped. `tokens`: of the step, of each request.
inline nsameta_plan compressed_candidates(const compressed_cache& cache, std::int32_t tokens,
                                          std::span<std::int32_t> write_start, std::span<std::int32_t> tail_start,
                                          std::span<std::int64_t> candidate_loc) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_COMPRESSED_CANDIDATES;
  plan.ratio = cache.ratio;
  plan.block = cache.block_size;
  plan.blocks_from = cache.blocks_from;
  plan.next_n = tokens;
  ask_for_wanted(plan, {write_start, tail_start});
  if (!candidate_loc.empty()) plan.buffers[2] = vector_of(candidate_loc);
  return plan;
}

/// Where each row's key is written on this rank, of KV slots that the ranks of a kv_shard have in turn, into [T].
inline nsameta_plan local_slots(std::span<std::int64_t> local_out_loc) noexcept {
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_LOCAL_SLOTS;
  plan.buffers[0] = vector_of(local_out_loc);
  return plan;
}

}  // namespace nsameta
