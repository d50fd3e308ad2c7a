/// The lists, element by element.
#include <algorithm>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// One element after another, as far as the buffer goes.
template <class Element>
class list_writer {
 public:
  explicit list_writer(const nsameta_vector& out) : out_(out) {}
  void put(std::int64_t element, std::int32_t& status) {
    if (out_.data == nullptr) return;
    if (next_ == out_.capacity)
      status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    else
      static_cast<Element*>(out_.data)[next_++] = static_cast<Element>(element);
  }

 private:
  nsameta_vector out_;
  std::int64_t next_ = 0;
};

/// The positions of a request's cache that a page list shows.
std::int64_t listed_positions(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                              std::int32_t& status) {
  if (!r.is_live) return 0;
  const std::int64_t positions = local(problem.kv_shard, r.cache_len);
  std::int64_t room = problem.block_table.width * problem.block_size;
  if (plan.preset == NSAMETA_PAGES_OF_TOKENS) {
    const std::int64_t slot = read(problem.req_pool_indices, r.index);
    if (slot < 0 || slot >= problem.req_to_token.slots) {
      status |= NSAMETA_BIT_BAD_SLOT;
      return 0;
    }
    room = problem.req_to_token.width;
  }
  if (positions > room) status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  return std::min(positions, room);
}

std::int64_t page_of(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t page) {
  if (plan.preset == NSAMETA_PAGES_OF_BLOCKS)
    return problem.block_table.data[r.index * problem.block_table.row_stride + page];
  const std::int64_t slot = read(problem.req_pool_indices, r.index);
  const std::int64_t kv_slot =
      problem.req_to_token.data[slot * problem.req_to_token.row_stride + page * problem.page_size];
  return kv_slot >= 0 ? kv_slot / problem.page_size : -rounded_up(-kv_slot, problem.page_size);
}

}  // namespace

void write_page_list(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                     std::int32_t& status) {
  const std::int64_t share = most_plan_units / std::max<std::int64_t>(std::ssize(requests.kept), 1);
  const std::int64_t each = plan.preset == NSAMETA_PAGES_OF_BLOCKS ? problem.block_size : problem.page_size;
  list_writer<std::int32_t> indptr(plan.buffers[0]), indices(plan.buffers[1]), last_len(plan.buffers[2]);
  std::int64_t listed = 0;
  indptr.put(0, status);
  for (const request& r : requests.kept) {
    const std::int64_t positions = listed_positions(problem, plan, r, status);
    const std::int64_t pages = within_share(rounded_up(positions, each), share, status);
    for (std::int64_t page = 0; page < pages; ++page) indices.put(page_of(problem, plan, r, page), status);
    indptr.put(listed += pages, status);
    last_len.put(pages == 0 ? 0 : std::min(positions - (pages - 1) * each, each), status);
  }
}

void write_logits_rows(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                       std::int32_t& status) {
  const std::int64_t share = most_plan_units / std::max<std::int64_t>(std::ssize(requests.kept), 1);
  list_writer<std::int32_t> sums(plan.buffers[0]), of_request(plan.buffers[2]), local_pos(plan.buffers[3]);
  list_writer<std::int64_t> rows(plan.buffers[1]);
  std::int64_t listed = 0, end = 0;
  sums.put(0, status);
  for (const request& r : requests.kept) {
    end += r.rows;
    std::int64_t count = r.is_live && r.rows > 0 ? 1 : 0;
    if (r.is_live && problem.num_logits.data != nullptr) {
      const std::int64_t wanted = read(problem.num_logits, r.index);
      if (wanted < 0) status |= NSAMETA_BIT_NEGATIVE_LENGTH;
      if (wanted > r.rows) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
      count = std::clamp<std::int64_t>(wanted, 0, r.rows);
    }
    count = within_share(count, share, status);
    for (std::int64_t i = 0; i < count; ++i) {
      rows.put(end - count + i, status);
      of_request.put(r.index, status);
      local_pos.put(i, status);
    }
    sums.put(listed += count, status);
  }
}

}  // namespace nsameta::reference
