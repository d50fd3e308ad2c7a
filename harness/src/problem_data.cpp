#include "harness/problem_data.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>

#include "fields.h"

namespace nsameta::harness {
namespace {
constexpr std::byte poison{0x5b};  // reads as a length of more than a billion
}

strided_values::strided_values(std::span<const std::int64_t> values, nsameta_dtype dtype, std::int64_t stride)
    : size_(std::ssize(values)), stride_(stride), dtype_(dtype) {
  if (stride < 0) throw std::invalid_argument("stride " + std::to_string(stride) + " is negative");
  if (stride == 0 && std::ranges::adjacent_find(values, std::not_equal_to<>()) != values.end())
    throw std::invalid_argument("stride 0 of values that differ");
  const std::int64_t width = element_bytes(dtype);
  memory_.assign(static_cast<std::size_t>((size_ * stride + 1) * width), poison);  // one more: never empty
  for (std::int64_t i = 0; i < size_; ++i) {
    const std::int64_t value = values[static_cast<std::size_t>(i)];
    std::byte* element = memory_.data() + i * stride * width;
    if (dtype == NSAMETA_INT64) {
      std::memcpy(element, &value, sizeof value);
    } else {
      const auto narrow = static_cast<std::int32_t>(value);
      if (narrow != value) throw std::out_of_range(std::to_string(value) + " does not fit int32");
      std::memcpy(element, &narrow, sizeof narrow);
    }
  }
}

std::int64_t strided_values::operator[](std::int64_t i) const {
  const std::byte* element = memory_.data() + i * stride_ * element_bytes(dtype_);
  if (dtype_ == NSAMETA_INT64) {
    std::int64_t value;
    std::memcpy(&value, element, sizeof value);
    return value;
  }
  std::int32_t value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

std::vector<std::int64_t> strided_values::values() const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(size_));
  for (std::int64_t i = 0; i < size_; ++i) all[static_cast<std::size_t>(i)] = (*this)[i];
  return all;
}

nsameta_token_table token_table::view() const {
  return {memory.empty() ? nullptr : memory.data() + first, slots, width, row_stride};
}

nsameta_problem problem_data::view() const {
  for (const strided_values* values :
       {&extend_seq_lens, &req_pool_indices, &topk_lens, &extra_topk_lens, &num_logits, &num_rejected})
    if (values->present() && values->size() < batch_size())
      throw std::logic_error("a problem of " + std::to_string(batch_size()) + " requests has values for " +
                             std::to_string(values->size()));
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.mode = mode;
  problem.batch_size = batch_size();
  problem.seq_lens = seq_lens.view();
  if (extend_seq_lens.present()) problem.extend_seq_lens = extend_seq_lens.view();
  problem.uniform_extend_len = uniform_extend_len;
  if (req_pool_indices.present()) problem.req_pool_indices = req_pool_indices.view();
  if (req_to_token.slots > 0) problem.req_to_token = req_to_token.view();
  problem.page_size = page_size;
  problem.index_topk = index_topk;
  problem.index_kpool = index_kpool;
  problem.kv_shard = kv_shard;
  problem.q_shard = q_shard;
  problem.context_limit = context_limit;
  if (live_requests) problem.live_requests = &*live_requests;
  if (block_table.slots > 0) problem.block_table = block_table.view();
  problem.block_size = block_size;
  problem.pad_slot = pad_slot;
  if (topk_lens.present()) problem.topk_lens = topk_lens.view();
  if (extra_topk_lens.present()) problem.extra_topk_lens = extra_topk_lens.view();
  if (num_logits.present()) problem.num_logits = num_logits.view();
  if (num_rejected.present()) problem.num_rejected = num_rejected.view();
  problem.seq_pad = seq_pad;
  if (full_to_swa.present()) problem.full_to_swa = full_to_swa.view();
  problem.kv_slots = full_to_swa.size();
  if (out_cache_loc.present()) problem.out_cache_loc = out_cache_loc.view();
  if (swa_floor.present()) problem.swa_floor = swa_floor.view();
  problem.row_values = std::max(out_cache_loc.size(), swa_floor.size());
  for (const strided_values* values : {&out_cache_loc, &swa_floor})
    if (values->present() && values->size() != problem.row_values)
      throw std::logic_error("a problem has values for " + std::to_string(values->size()) + " rows and for " +
                             std::to_string(problem.row_values));
  for (std::size_t i = 0; i < block_tables.size(); ++i)
    if (block_tables[i].slots > 0) problem.block_tables[i] = block_tables[i].view();
  problem.pad_rows_to = pad_rows_to;
  return problem;
}

problem_data problem_data::draft() const {
  problem_data batch = *this;
  batch.mode = NSAMETA_DECODE;
  batch.extend_seq_lens = {};
  batch.uniform_extend_len = 0;
  batch.out_cache_loc = batch.swa_floor = {};
  batch.pad_rows_to = 0;
  return batch;
}

}  // namespace nsameta::harness
