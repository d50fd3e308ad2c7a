/// The per-request outputs, cache_seqlens, cu_seqlens_k and cu_seqlens_q, and T.
#pragma once

#include "common/outcome.h"
#include "gpu/arguments.h"
#include "gpu/shares.h"

namespace nsameta::gpu {

/// What deal_shares() deals: requests.
template <int block_threads, thread_context L, class Batch>
struct request_work {
  static constexpr wanted_totals wanted{.tokens = true, .kv_len = true, .kept = Batch::rule_type::deals};

  using number = typename Batch::number;
  using totals_type = typename Batch::totals_type;

  L& lane;
  const Batch& batch;

  NSAMETA_DEVICE number total(const totals_type&) const { return static_cast<number>(batch.lengths.requests); }
  NSAMETA_DEVICE number granule(const totals_type&) const { return L::warp_width; }
  NSAMETA_DEVICE number count(number index, const totals_type& /*before*/) const { return index; }

  NSAMETA_DEVICE void visit(const warp_window<number>& window, number begin, number end) const {
    const nsameta_outputs& out = batch.out;
    const number index = window.first + lane.thread() % L::warp_width;
    if (index < begin || index >= end || !batch.rule.keeps(window.value)) return;
    const totals_type& before = window.before;
    const std::int64_t at = wanted.kept ? before.kept : index;
    if (present(out.cache_seqlens)) store_value(out.cache_seqlens, at, batch.rule.local(window.value.kv_len));
    if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, at, before.kv_len);
    if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, at, batch.rows(before));
  }
};

template <int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE void write_request_fields(L& lane, Batch& batch, const set_plan& plan,
                                         scan_memory<typename Batch::number, block_threads>& shared) {
  const request_work<block_threads, L, Batch> work{lane, batch};
  const auto all = deal_shares<block_threads>(lane, batch, shared, work);
  if (lane.block() == 0 && lane.thread() == 0) write_request_ends(batch, all);
  if (!plan.vector_tail) return;
  for_each_request_tail(batch, all, [&](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
    if (present(vector))
      deal_elements<block_threads>(lane, live, vector.capacity, [&](std::int64_t i) { store_sum(vector, i, value); });
  });
}

}  // namespace nsameta::gpu
