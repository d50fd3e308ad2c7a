/// The C++ layer over nsameta.h: spans in place of pointers and counts, a result that cannot be overlooked, and the
/// choice to throw. Header-only; it adds no cost to a call that succeeds. Spans of device memory are never read here.
/// With -fno-exceptions what throws is left out: nsameta::error and or_throw().
#pragma once

#if __cplusplus < 202002L
#error "nsameta.hpp needs C++20: compile with -std=c++20 or later. nsameta.h takes any C11 or C++ compiler."
#endif

#include <cstdint>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nsameta/nsameta.h"
#include "nsameta/plans.hpp"

namespace nsameta {

#ifdef __cpp_exceptions
/// What result::or_throw() throws.
class error : public std::runtime_error {
 public:
  /// `message`: the sentence of the failed call.
  error(nsameta_status status, const std::string& message)
      : std::runtime_error(std::string(nsameta_status_name(status)) + ": " + message), status_(status) {}
  nsameta_status status() const noexcept { return status_; }  ///< what the call returned

 private:
  nsameta_status status_;
};
#endif

/// What a call returned; true when all went well.
class [[nodiscard]] result {
 public:
  /// Takes the calling thread's sentence if the call failed. Throws std::bad_alloc where the host has no memory for it.
  explicit result(nsameta_status status) : status_(status) {
    if (status != NSAMETA_OK) message_ = nsameta_last_error();
  }
  /// What this layer itself refuses.
  result(nsameta_status status, std::string message) noexcept : status_(status), message_(std::move(message)) {}
  explicit operator bool() const noexcept { return status_ == NSAMETA_OK; }  ///< whether all went well
  nsameta_status status() const noexcept { return status_; }                 ///< what the call returned
  const std::string& message() const& noexcept { return message_; }          ///< the sentence; "" if all went well
  std::string message() && noexcept { return std::move(message_); }  ///< of a temporary, whose own would be gone
#ifdef __cpp_exceptions
  /// Throws nsameta::error unless all went well.
  void or_throw() const {
    if (status_ != NSAMETA_OK) throw error(status_, message_);
  }
#endif

 private:
  nsameta_status status_;
  std::string message_;
};

/// A container that is gone when the statement ends, and with it what a span of it points to.
template <class Values>
concept temporary = !std::is_lvalue_reference_v<Values> && !std::ranges::borrowed_range<Values>;

/// Elements at every `stride`-th place of a span, from its first on.
inline nsameta_strided strided(std::span<const std::int32_t> data, std::int64_t stride = 1) noexcept {
  return {data.data(), stride, NSAMETA_INT32};
}
/// The same of int64.
inline nsameta_strided strided(std::span<const std::int64_t> data, std::int64_t stride = 1) noexcept {
  return {data.data(), stride, NSAMETA_INT64};
}
/// Keep the elements in a variable: a temporary is gone before they are read.
nsameta_strided strided(temporary auto&& data, std::int64_t stride = 1) = delete;

/// What strided() takes: a span of int32 or int64, or a container that becomes one.
template <class Values>
concept length_span = requires(const Values& values) { strided(values); };

/// Rows of `width` elements, `row_stride` apart, that stand in `size` elements: the last one needs its width only.
inline std::int64_t rows_within(std::size_t size, std::int64_t width, std::int64_t row_stride) {
  if (width < 1 || row_stride < width)
#ifdef __cpp_exceptions
    throw std::invalid_argument("width is " + std::to_string(width) + " and row_stride " + std::to_string(row_stride));
#else
    return 0;  // which the library refuses, but for a width of 0
#endif
  const auto elements = static_cast<std::int64_t>(size);
  return elements < width ? 0 : (elements - width) / row_stride + 1;
}

/// A table of the engine's, as many rows as the span holds; `row_stride` elements from row to row, 0 for `width`.
inline nsameta_token_table token_table_of(std::span<const std::int32_t> data, std::int64_t width,
                                          std::int64_t row_stride) {
  row_stride = row_stride == 0 ? width : row_stride;
  return {data.data(), rows_within(data.size(), width, row_stride), width, row_stride};
}

/// A problem with its defaults, to be filled in. It is an nsameta_problem and goes wherever one does. It holds spans,
/// not what is in them: a temporary container does not compile.
class problem : public nsameta_problem {
 public:
  /// The defaults, of a batch of no request.
  explicit problem(nsameta_mode of_mode) noexcept {
    nsameta_problem_init_sized(this, sizeof(nsameta_problem));
    mode = of_mode;
  }
  /// Of a C caller, whose inputs have no known ends.
  problem(const nsameta_problem& plain) noexcept : nsameta_problem(plain) {}

  /// [bs] KV lengths, at every `every`-th place; sets the batch size. 0: the first stands for all requests, as many as
  /// there are elements unless `batch_size` is set afterwards.
  problem& with_seq_lens(const length_span auto& lengths, std::int64_t every = 1) noexcept {
    seq_lens = strided(lengths, every);
    batch_size = rows_within(std::size(lengths), 1, every < 1 ? 1 : every);  // less than 0 the library refuses
    seq_elements_ = served_by(lengths, every);
    return *this;
  }
  problem& with_seq_lens(temporary auto&& lengths, std::int64_t every = 1) = delete;  ///< keep it in a variable

  /// [bs] query tokens of each request; at least as many as the batch has.
  problem& with_extend_seq_lens(const length_span auto& lengths, std::int64_t every = 1) noexcept {
    extend_seq_lens = strided(lengths, every);
    extend_elements_ = served_by(lengths, every);
    return *this;
  }
  problem& with_extend_seq_lens(temporary auto&& lengths, std::int64_t every = 1) = delete;  ///< keep it in a variable

  /// The same number of query tokens for every request; in draft_extend with extend_seq_lens, the rows of each.
  problem& with_uniform_extend_len(std::int64_t tokens) noexcept {
    uniform_extend_len = tokens;
    return *this;
  }
  /// P, 1 to 65,536.
  problem& with_page_size(std::int32_t size) noexcept {
    page_size = size;
    return *this;
  }
  /// K >= 1, to which nsa_cache_seqlens is clamped.
  problem& with_index_topk(std::int32_t topk) noexcept {
    index_topk = topk;
    return *this;
  }
  /// kp >= 1; 1: off. With a kv_shard its interleave is a multiple of it.
  problem& with_index_kpool(std::int32_t pool) noexcept {
    index_kpool = pool;
    return *this;
  }
  /// This rank's part of a KV cache that is split over ranks.
  problem& with_kv_shard(std::int32_t size, std::int32_t rank, std::int32_t interleave = 1) noexcept {
    kv_shard = {size, rank, interleave};
    return *this;
  }
  /// The part of rank `rank`, of `size`, of query tokens that are dealt over ranks; `kind` says which those are.
  problem& with_q_shard(std::int32_t size, std::int32_t rank,
                        nsameta_q_shard_kind kind = NSAMETA_Q_SHARD_ROUND_ROBIN) noexcept {
    q_shard = {size, rank, kind};
    return *this;
  }

  /// L, below 2^31: no row sees more positions, and no cache is longer; 0: no limit.
  problem& with_context_limit(std::int64_t positions) noexcept {
    context_limit = positions;
    return *this;
  }
  /// [1] in the memory of the lengths, and read by the fill: requests from there on are padding. A span, such as
  /// `{&count, 1}`.
  problem& with_live_requests(std::span<const std::int32_t> count) noexcept {
    live_requests = count.data();
    has_live_requests_ = !count.empty();
    return *this;
  }
  problem& with_live_requests(temporary auto&& count) = delete;  ///< keep it in a variable
  /// 0 or 1: the length of padding requests in cache_seqlens and plans, and what stands in the tail of cache_seqlens.
  problem& with_seq_pad(std::int32_t length) noexcept {
    seq_pad = length;
    return *this;
  }
  /// Below 2^31: rows from T up to it are padding, which see one position of the batch's last request; 0: none.
  problem& with_pad_rows_to(std::int64_t rows) noexcept {
    pad_rows_to = rows;
    return *this;
  }

  /// [bs] each request's row of req_to_token, which goes with it. At least as many as the batch has.
  problem& with_req_pool_indices(const length_span auto& slots, std::int64_t every = 1) noexcept {
    req_pool_indices = strided(slots, every);
    slot_elements_ = served_by(slots, every);
    return *this;
  }
  problem& with_req_pool_indices(temporary auto&& slots, std::int64_t every = 1) = delete;  ///< keep it in a variable

  /// [slots, width], as many slots as the span holds; `row_stride` elements from row to row, 0 for `width`.
  problem& with_req_to_token(std::span<const std::int32_t> table, std::int64_t width, std::int64_t row_stride = 0) {
    req_to_token = token_table_of(table, width, row_stride);
    return *this;
  }
  problem& with_req_to_token(temporary auto&&, std::int64_t, std::int64_t = 0) = delete;  ///< keep it in a variable

  /// [requests, width] KV block of each block of a request, for slot_mapping and tail_slot_mapping; at least as many
  /// rows as the batch has. `row_stride` as above.
  problem& with_block_table(std::span<const std::int32_t> table, std::int64_t width, std::int64_t row_stride = 0) {
    block_table = token_table_of(table, width, row_stride);
    return *this;
  }
  problem& with_block_table(temporary auto&&, std::int64_t, std::int64_t = 0) = delete;  ///< keep it in a variable

  /// b, 1 to 65,536: positions of a block on one rank. With a kv_shard a multiple of its interleave.
  problem& with_block_size(std::int32_t size) noexcept {
    block_size = size;
    return *this;
  }
  /// The slot of rows that write no key.
  problem& with_pad_slot(std::int32_t slot) noexcept {
    pad_slot = slot;
    return *this;
  }

  /// [bs] keys that a request's sparse attention reads, for plans with `topk`; at least as many as the batch has.
  problem& with_topk_lens(const length_span auto& lengths, std::int64_t every = 1) noexcept {
    topk_lens = strided(lengths, every);
    topk_elements_ = served_by(lengths, every);
    return *this;
  }
  problem& with_topk_lens(temporary auto&& lengths, std::int64_t every = 1) = delete;  ///< keep it in a variable

  /// The same of a second cache, for plans with `extra_topk`.
  problem& with_extra_topk_lens(const length_span auto& lengths, std::int64_t every = 1) noexcept {
    extra_topk_lens = strided(lengths, every);
    extra_topk_elements_ = served_by(lengths, every);
    return *this;
  }
  problem& with_extra_topk_lens(temporary auto&& lengths, std::int64_t every = 1) = delete;  ///< keep it in a variable

  /// [bs] last rows of a request that go to the sampler, for plans of logits rows; without it one of each.
  problem& with_num_logits(const length_span auto& counts, std::int64_t every = 1) noexcept {
    num_logits = strided(counts, every);
    num_logits_elements_ = served_by(counts, every);
    return *this;
  }
  problem& with_num_logits(temporary auto&& counts, std::int64_t every = 1) = delete;  ///< keep it in a variable

  /// Slot in the sliding window's cache of each KV slot, for plans of windows.
  problem& with_full_to_swa(const length_span auto& slots) noexcept {
    full_to_swa = strided(slots);
    kv_slots = static_cast<std::int64_t>(std::size(slots));
    return *this;
  }
  problem& with_full_to_swa(temporary auto&& slots) = delete;  ///< keep it in a variable

  /// KV slot of each row's token, for out_loc and swa_out_loc of plans and for local_out_loc.
  problem& with_out_cache_loc(const length_span auto& slots) noexcept {
    out_cache_loc = strided(slots);
    row_values = row_slots_ = static_cast<std::int64_t>(std::size(slots));
    return *this;
  }
  problem& with_out_cache_loc(temporary auto&& slots) = delete;  ///< keep it in a variable

  /// Position below which each row does not look in a sliding window. As many as with_out_cache_loc has, if both are.
  problem& with_swa_floor(const length_span auto& positions) noexcept {
    swa_floor = strided(positions);
    row_values = row_floors_ = static_cast<std::int64_t>(std::size(positions));
    return *this;
  }
  problem& with_swa_floor(temporary auto&& positions) = delete;  ///< keep it in a variable

  /// [requests, width] blocks of each request in a compressed cache that has a table of its own, for plans whose
  /// blocks_from is `number`, 1 to NSAMETA_BLOCK_TABLES. At least as many rows as the batch has; `row_stride` as above.
  problem& with_block_table_of(int number, std::span<const std::int32_t> table, std::int64_t width,
                               std::int64_t row_stride = 0) {
    const bool is_there = number >= 1 && number <= NSAMETA_BLOCK_TABLES;
    if (is_there) block_tables[number - 1] = token_table_of(table, width, row_stride);
    if (!is_there) wrong_table_ = number;
    return *this;
  }
  problem& with_block_table_of(int, temporary auto&&, std::int64_t,
                               std::int64_t = 0) = delete;  ///< keep it in a variable

  /// [bs] drafts of the last step that were not accepted: taken off seq_lens on the device that computes.
  problem& with_num_rejected(const length_span auto& counts, std::int64_t every = 1) noexcept {
    num_rejected = strided(counts, every);
    num_rejected_elements_ = served_by(counts, every);
    return *this;
  }
  problem& with_num_rejected(temporary auto&& counts, std::int64_t every = 1) = delete;  ///< keep it in a variable

  /// Refuses a span that is shorter than the batch, or without the one element, and spans of rows that differ: fill(),
  /// fill_many() and explain() ask first.
  result check() const {
    const auto refuse = [this](const char* name, std::int64_t elements) {
      return result(NSAMETA_INVALID_ARGUMENT, std::string(name) + " has elements for " + std::to_string(elements) +
                                                  " requests, less than the " + std::to_string(batch_size) +
                                                  " of the batch");
    };
    if (seq_elements_ < batch_size) return refuse("seq_lens", seq_elements_);
    if (extend_elements_ < batch_size) return refuse("extend_seq_lens", extend_elements_);
    if (slot_elements_ < batch_size) return refuse("req_pool_indices", slot_elements_);
    if (topk_elements_ < batch_size) return refuse("topk_lens", topk_elements_);
    if (extra_topk_elements_ < batch_size) return refuse("extra_topk_lens", extra_topk_elements_);
    if (num_logits_elements_ < batch_size) return refuse("num_logits", num_logits_elements_);
    if (num_rejected_elements_ < batch_size) return refuse("num_rejected", num_rejected_elements_);
    if (wrong_table_)
      return result(NSAMETA_INVALID_ARGUMENT, "with_block_table_of: number is " + std::to_string(*wrong_table_) +
                                                  ", outside [1, " + std::to_string(NSAMETA_BLOCK_TABLES) + "]");
    if (row_slots_ != any && row_floors_ != any && row_slots_ != row_floors_)
      return result(NSAMETA_INVALID_ARGUMENT, "swa_floor has " + std::to_string(row_floors_) +
                                                  " elements, but out_cache_loc has " + std::to_string(row_slots_));
    if (!has_live_requests_) return result(NSAMETA_INVALID_ARGUMENT, "live_requests has 0 elements, less than 1");
    return result(NSAMETA_OK);
  }

 private:
  static constexpr std::int64_t any = INT64_MAX;

  /// How many requests a span has elements for.
  static std::int64_t served_by(const auto& values, std::int64_t every) noexcept {
    const bool one_for_all = every == 0 && std::size(values) > 0;
    return one_for_all ? any : rows_within(std::size(values), 1, every < 1 ? 1 : every);
  }

  std::int64_t seq_elements_ = any, extend_elements_ = any, slot_elements_ = any;
  std::int64_t topk_elements_ = any, extra_topk_elements_ = any;
  std::int64_t num_logits_elements_ = any, num_rejected_elements_ = any;
  std::int64_t row_slots_ = any, row_floors_ = any;
  std::optional<int> wrong_table_;
  bool has_live_requests_ = true;
};

/// No output, to be filled in: each call asks for one more. It is an nsameta_outputs and goes wherever one does.
class outputs : public nsameta_outputs {
 public:
  outputs() noexcept { nsameta_outputs_init_sized(this, sizeof(nsameta_outputs)); }

  /// Asks for any field: `out.with(&nsameta_outputs::cu_seqlens_k, sums)`.
  outputs& with(nsameta_vector nsameta_outputs::* field, std::span<std::int32_t> data) noexcept {
    this->*field = vector_of(data);
    return *this;
  }
  /// The same of int64.
  outputs& with(nsameta_vector nsameta_outputs::* field, std::span<std::int64_t> data) noexcept {
    this->*field = vector_of(data);
    return *this;
  }
  /// The same of bool.
  outputs& with(nsameta_vector nsameta_outputs::* field, std::span<bool> data) noexcept {
    this->*field = vector_of(data);
    return *this;
  }
  /// Asks for a page table, as many rows as the span holds; `row_stride` elements from row to row, 0 for `width`.
  outputs& with(nsameta_table nsameta_outputs::* table, std::span<std::int32_t> data, std::int64_t width,
                std::int64_t row_stride = 0) {
    row_stride = row_stride == 0 ? width : row_stride;
    this->*table = {data.data(), rows_within(data.size(), width, row_stride), width, row_stride};
    return *this;
  }
  /// Asks for plans. The list is kept by who calls, until the fill has returned.
  outputs& with_plans(std::span<const nsameta_plan> list) noexcept {
    plans = list.data();
    plan_count = static_cast<std::int64_t>(list.size());
    return *this;
  }
  outputs& with_plans(temporary auto&&) = delete;  ///< keep it in a variable
  /// Keep or zero.
  outputs& with_vector_tail(nsameta_tail tail) noexcept {
    vector_tail = tail;
    return *this;
  }
  /// `value` goes with NSAMETA_TAIL_VALUE.
  outputs& with_table_tail(nsameta_tail tail, std::int32_t value = 0) noexcept {
    table_tail = tail;
    table_tail_value = value;
    return *this;
  }
  /// Adds to every seq_lens first.
  outputs& with_length_offset(std::int64_t tokens) noexcept {
    length_offset = tokens;
    return *this;
  }
  /// Makes it a set of the drafter's i-th decode step after the batch, i from 1 on.
  outputs& with_draft_step(std::int32_t step) noexcept {
    draft_step = step;
    return *this;
  }
  /// Which element of out_cache_loc and swa_floor is its first row's, counted from 1.
  outputs& with_row_values_from(std::int64_t number) noexcept {
    row_values_from = number;
    return *this;
  }
};

/// Where to compute. By default wherever the memory is.
struct target : nsameta_target {
  target() noexcept : nsameta_target{NSAMETA_DEVICE_AUTO, 0, nullptr, 0} {}
  /// On a device of that kind, in order of the stream.
  explicit target(nsameta_device_kind on, std::int32_t device = 0, void* in_stream = nullptr,
                  std::uint64_t with_flags = 0) noexcept
      : nsameta_target{on, device, in_stream, with_flags} {}
};

/// nsameta_fill.
inline result fill(const problem& what, const nsameta_outputs& into, const nsameta_target& where = target()) {
  result right = what.check();
  return right ? result(nsameta_fill(&what, &into, &where)) : right;
}

/// Fills every set from the one problem: what the steps of a multi-step speculator read.
inline result fill_many(const problem& what, std::span<const nsameta_outputs> into,
                        const nsameta_target& where = target()) {
  result right = what.check();
  return right ? result(nsameta_fill_many(&what, into.data(), static_cast<std::int64_t>(into.size()), &where)) : right;
}
/// The same for sets made with the class.
inline result fill_many(const problem& what, std::span<const outputs> into, const nsameta_target& where = target()) {
  static_assert(sizeof(outputs) == sizeof(nsameta_outputs), "an array of one is an array of the other");
  const nsameta_outputs* sets = into.data();
  return fill_many(what, std::span(sets, into.size()), where);
}

/// nsameta_fill_draft_extend_metadata: `total_tokens` points into the memory of the outputs.
inline result fill_draft_extend_metadata(const length_span auto& extend_seq_lens, const length_span auto& seq_lens,
                                         std::int32_t nsa_index_topk, std::span<std::int32_t> out_seqlens_expanded,
                                         std::span<std::int32_t> out_nsa_cache_seqlens,
                                         std::int32_t* total_tokens = nullptr, const nsameta_target& where = target()) {
  if (std::size(extend_seq_lens) != std::size(seq_lens))
    return {NSAMETA_INVALID_ARGUMENT, "extend_seq_lens has " + std::to_string(std::size(extend_seq_lens)) +
                                          " elements, seq_lens " + std::to_string(std::size(seq_lens))};
  return result(nsameta_fill_draft_extend_metadata(
      strided(extend_seq_lens), strided(seq_lens), static_cast<std::int64_t>(std::size(seq_lens)), nsa_index_topk,
      vector_of(out_seqlens_expanded), vector_of(out_nsa_cache_seqlens), total_tokens, &where));
}

/// nsameta_warmup: before graph capture, once a device.
inline result warmup(const nsameta_target& where = target()) { return result(nsameta_warmup(&where)); }

/// A decision, and whether the fill would run; the record holds the rejections either way.
struct explanation {
  result outcome;             ///< whether the fill would run
  nsameta_decision decision;  ///< what would run and what not
};

/// nsameta_explain: the decision of fill() for the same arguments, without running it.
inline explanation explain(const problem& what, const nsameta_outputs& into, const nsameta_target& where = target()) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  result outcome = what.check();
  if (outcome) (void)(outcome = result(nsameta_explain(&what, &into, &where, &decision)));  // nvcc warns else
  return {std::move(outcome), decision};
}

/// Which kernel a draft_extend batch of that size would get, and why.
inline explanation get_kernel_info(std::int64_t requests = 32, std::int64_t rows_each = 4,
                                   const nsameta_target& where = target()) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  result outcome(nsameta_get_kernel_info(requests, rows_each, &where, &decision));
  return {std::move(outcome), decision};
}

/// All backends, also those not built, in selection order. Where the host has no memory to open them it throws
/// nsameta::error or std::bad_alloc; with -fno-exceptions there are none then.
inline std::vector<nsameta_backend_info> backends() {
  std::vector<nsameta_backend_info> all(nsameta_backends(nullptr, 0));
  if (nsameta_backends(all.data(), all.size()) == 0)
#ifdef __cpp_exceptions
    throw error(NSAMETA_OUT_OF_MEMORY, nsameta_last_error());
#else
    all.clear();
#endif
  return all;
}

}  // namespace nsameta
