/// The vectors: one to 32 lanes write the rows of a request. Nothing is searched for.
#pragma once

#include "gpu/requests.h"

namespace nsameta::gpu {

/// The blocks that share the rows of the same requests: this one's number, and log2 of how many they are.
struct row_share {
  std::int32_t index, shift;
};

NSAMETA_DEVICE void store(const output_vector<std::int32_t>& vector, std::int32_t at, std::int32_t value) {
  if (at < vector.capacity) vector.data[at] = value;
}
NSAMETA_DEVICE void store(const output_vector<std::int64_t>& vector, std::int64_t at, std::int64_t value) {
  if (at >= vector.capacity) return;
  if (vector.is_int64)
    static_cast<std::int64_t*>(vector.data)[at] = value;
  else
    static_cast<std::int32_t*>(vector.data)[at] = saturated_int32(value);
}

NSAMETA_DEVICE void store(const output_bytes& vector, std::int64_t at, std::int64_t value) {
  if (at < vector.capacity) vector.data[at] = static_cast<std::uint8_t>(value);
}

/// What stands once for a row.
template <class N>
struct row_values {
  N row, length;
  N seen;            ///< positions, on all ranks together, if there were no limit; also below 0
  N clamped_before;  ///< of the rows before it
  N request;
  N kv_before;  ///< of the requests before its own
  N index;      ///< of its request, in the whole batch
  bool is_padding;
};

/// A row's position, where its key is written, and whether it is padding.
template <class Rule>
NSAMETA_DEVICE void write_step_vectors(const vector_outputs<std::int64_t>& out, const Rule& rule,
                                       const row_values<std::int64_t>& at) {
  const key_slots& keys = rule.fixed.keys;
  const std::int64_t position = rule.position(at.seen);
  const bool writes = rule.writes_key(at.seen);
  store(out.positions, at.row, position);
  if (at.row < out.slot_mapping.capacity)
    store(out.slot_mapping, at.row,
          writes ? keys.in_blocks(at.index, position, rule.fixed.kv_shard) : std::int64_t{keys.pad_slot});
  if (at.row < out.out_cache_loc.capacity)
    store(out.out_cache_loc, at.row, writes ? keys.in_tokens(at.index, position) : std::int64_t{keys.pad_slot});
  if (at.row < out.tail_slot_mapping.capacity)
    store(out.tail_slot_mapping, at.row, writes ? rule.tail_slot(at.index, position) : std::int64_t{keys.pad_slot});
  store(out.is_padding, at.row, at.is_padding);
}

template <bool lengths_only, class Set, class N, class Rule>
NSAMETA_DEVICE void write_row(const Set& out, const Rule& rule, const row_values<N>& at) {
  store(out.seqlens_expanded, at.row, at.length);
  store(out.nsa_cache_seqlens, at.row, rule.clamped(at.length));
  if constexpr (!lengths_only) {
    const N end = saturating_add(at.row, N{1});
    store(out.nsa_cu_seqlens_k, end, saturating_add(at.clamped_before, rule.clamped(at.length)));
    store(out.nsa_cu_seqlens_q, end, end);
    store(out.token_to_batch, at.row, at.request);
  }
  if constexpr (is_general<N>) {
    store(out.indexer_ks, at.row, at.kv_before);
    store(out.indexer_ke, at.row, at.kv_before + at.length);
    if (out.has_step_vectors()) write_step_vectors(out, rule, at);
  }
}

/// The requests that have outputs, of those that add up to `sum`: all, unless a q shard leaves some to other ranks.
template <class N>
NSAMETA_DEVICE N kept_of(const row_sums<N>& sum, N requests) {
  if constexpr (is_general<N>)
    return sum.kept;
  else
    return requests;
}

/// The outputs of a request, number `number`.
template <class N, class Rule>
NSAMETA_DEVICE void write_request(const vector_outputs<N>& out, const Rule& rule, N number, const basic_request<N>& r,
                                  const vector_sums<N>& before) {
  const N kv_len = rule.local(r.kv_len);
  store(out.cache_seqlens, number, kv_len);
  store(out.cu_seqlens_k, number + 1, saturating_add(before.kv_len, kv_len));
  if constexpr (is_general<N>) {
    store(out.local_cache_seqlens, number, kv_len);
    const N rows = saturating_add(before.owned, r.owned);
    store(out.cu_seqlens_q, number + 1, rows);
    if (out.has_step_vectors()) store(out.last_token_index, number, r.owned > 0 ? rows - 1 : N{-1});
  } else {
    store(out.cu_seqlens_q, number + 1, saturating_add(before.rows, r.rows));
  }
}

/// The first elements of the sums. Written while lengths are under way, which brings the arguments of all outputs near.
template <class N>
NSAMETA_DEVICE void write_zeros(const vector_outputs<N>& out) {
  store(out.cu_seqlens_k, N{0}, N{0});
  store(out.cu_seqlens_q, N{0}, N{0});
  store(out.nsa_cu_seqlens_k, N{0}, N{0});
  store(out.nsa_cu_seqlens_q, N{0}, N{0});
}

/// Where all requests have the same number of rows and no sum is wanted, nothing needs to be added up.
template <thread_context T>
NSAMETA_DEVICE void write_uniform_lengths(T& self, const uniform_lengths_arguments& all) {
  const uniform_batch<std::int32_t>& batch = all.batch;
  const std::int32_t index = own_request(self, batch, self.block()), j = row_lane(self, batch);
  if (index >= batch.requests || j >= batch.uniform_rows) return;
  const raw_integer kv = load_raw(batch.seq_lens, index);
  const auto r = request_of(batch, all.set, index, value_of(batch.seq_lens, kv), batch.uniform_rows, 0,
                            batch.live != nullptr ? *batch.live : 0);
  const auto rule = batch.plain_rule();
  write_row<true>(
      all.set, rule,
      row_values<std::int32_t>{index * batch.uniform_rows + j, length_of_row(rule, r, j), 0, 0, 0, 0, 0, false});
}

template <bool lengths_only, class N>
using sums_for = std::conditional_t<lengths_only, row_sums<N>, vector_sums<N>>;

/// Group `group` of as many requests as have 2^lanes_shift lanes each in a block. `earlier`: this thread's part of the
/// sums over the requests before the group. Returns its part of those over the group.
template <bool lengths_only, class N, class T, class Rule>
NSAMETA_DEVICE sums_for<lengths_only, N> write_group(const block_work<N, T, Rule>& at, N group, row_share share,
                                                     const sums_for<lengths_only, N>& earlier, const raw_lengths& raw) {
  T& self = at.self;
  const request_batch<N>& batch = at.batch;
  const vector_outputs<N>& set = at.set;
  const Rule& rule = at.rule;
  using sums_type = sums_for<lengths_only, N>;
  const N index = own_request(self, batch, group);
  const std::int32_t j = row_lane(self, batch);
  const int lanes = 1 << batch.lanes_shift;
  basic_request<N> r{};
  if (index < batch.requests) r = request_of(at, index, raw);
  if constexpr (Rule::deals)
    if (rule.dealt) {
      const N earlier_tokens = count_tokens(at, smaller(first_request(batch, group), N{batch.requests}));
      const N before = earlier_tokens + tokens_before(at, j == 0 ? r.tokens : N{0});
      rule.deal(r, self.shuffle(before, lane_of(self) - j));
    }

  // Where each row has a lane, the rows themselves are added up: a request's sum in closed form has more instructions.
  const bool row_a_lane = share.shift == 0 && self.ballot(r.rows > lanes) == 0;
  const N length = length_of_row<N>(rule, r, j);
  sums_type own{};
  if (row_a_lane) {
    own.rows = j < r.rows;
    if constexpr (is_general<N>) {
      own.kept = j == 0 && index < batch.requests && rule.keeps(r);
      own.owned = j == 0 ? r.owned : 0;
    }
    if constexpr (!lengths_only) {
      own.kv_len = j == 0 && rule.keeps(r) ? rule.local(r.kv_len) : 0;
      own.clamped = j < r.rows ? rule.clamped(length) : 0;
    }
  } else if (j == 0 && index < batch.requests) {
    own = sums_of<sums_type>(batch, rule, r);
  }
  lane_sums<sums_type> sums = scan_lanes(self, own, N{batch.requests} << batch.lanes_shift);
  sums_type before{};
  const bool is_first = group == 0 && rule.part == 0;
  if (!is_first || N{batch.requests} << batch.lanes_shift > T::warp_width)
    before = exclusive_prefix(at, is_first, earlier, sums.through);
  sums.before = before + sums.before;
  const N number = kept_of(sums.before, index) - (is_general<N> && j > 0);
  row_values<N> row{sums.before.rows, length, seen_by_row(r, N{j}), 0, number, 0, index, r.is_padding};
  if constexpr (!lengths_only) {
    if (share.index == 0 && j == 0 && index < batch.requests && rule.part == 0 && rule.keeps(r))
      write_request(set, rule, number, r, sums.before);
    if (share.index == 0 && j == lanes - 1 && index == batch.requests - 1)
      store(set.total_rows, N{0}, saturating_add(before.rows, sums.through.rows));
    row.clamped_before = sums.before.clamped;
    if constexpr (is_general<N>) row.kv_before = self.shuffle(sums.before.kv_len, lane_of(self) - j);
  }
  if (row_a_lane) {
    if (j < r.rows) write_row<lengths_only>(set, rule, row);
    return own;
  }
  const N first_row = self.shuffle(row.row, lane_of(self) - j);
  const N clamped_before = lengths_only ? 0 : self.shuffle(row.clamped_before, lane_of(self) - j);
  const N rows = smaller(saturating_add(first_row, r.rows), set.row_limit) - first_row;
  NSAMETA_UNROLL(1)
  for (N k = share.index * lanes + j; k < rows; k += lanes << share.shift) {
    row.row = first_row + k;
    row.seen = seen_by_row(r, k);
    row.length = length_of_row(rule, r, k);
    if (!lengths_only && set.nsa_cu_seqlens_k.capacity > 0)
      row.clamped_before = saturating_add(clamped_before, clipped<N>(rule.sum(r, k)));
    write_row<lengths_only>(set, rule, row);
  }
  return own;
}

/// Block `block` of those of the vectors, with several groups, of which others share the rows.
template <bool lengths_only, int loads, class N, class T, class Rule>
NSAMETA_DEVICE void write_vectors(const block_work<N, T, Rule>& at, int block, int groups, int shares_shift) {
  const request_batch<N>& batch = at.batch;
  if (batch.requests == 0) {  // there is nothing to load
    if (!lengths_only && block == 0 && at.self.thread() == 0) {
      write_zeros(at.set);
      store(at.set.total_rows, N{0}, N{0});
    }
    return;
  }
  const row_share share{block & ((1 << shares_shift) - 1), shares_shift};
  const N first_group = N{block >> shares_shift} * groups;
  sums_for<lengths_only, N> earlier{};
  NSAMETA_UNROLL(1)
  for (N group = first_group; group < first_group + groups; ++group) {
    const N first = smaller(first_request(batch, group), N{batch.requests}), index = own_request(at.self, batch, group);
    if (groups > 1 && group > 0 && first == batch.requests) return;
    const raw_lengths raw = load_lengths(at, smaller(index, N{batch.requests} - 1));
    if (!lengths_only && block == 0 && group == 0 && at.self.thread() == 0) write_zeros(at.set);
    if (group > first_group)
      at.self.barrier();  // the sums of the last group may still be read
    else if (group > 0 || at.rule.part > 0)
      earlier = add_earlier<sums_for<lengths_only, N>, loads>(at, first);
    earlier = earlier + write_group<lengths_only>(at, group, share, earlier, raw);
  }
}

}  // namespace nsameta::gpu
