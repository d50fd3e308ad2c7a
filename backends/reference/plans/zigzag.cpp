/// How a prefill is cut over ranks in zigzag, block by block.
#include <algorithm>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// The blocks of a request, by where they begin; its tokens at the end.
std::vector<std::int64_t> begins_of(std::int64_t tokens, std::int64_t blocks) {
  std::vector<std::int64_t> begins{0};
  for (std::int64_t block = 0; block < blocks; ++block)
    begins.push_back(begins.back() + tokens / blocks + (block < tokens % blocks ? 1 : 0));
  return begins;
}

}  // namespace

void write_zigzag(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                  std::int32_t& status) {
  const std::int64_t bs = std::ssize(requests.kept), ranks = plan.parts, blocks = 2 * ranks;
  const std::int64_t share = most_plan_units / std::max<std::int64_t>(bs, 1);
  std::vector<std::vector<std::int64_t>> begins;  // of each request
  for (const request& r : requests.kept) begins.push_back(begins_of(within_share(r.tokens, share, status), blocks));
  const auto size = [](const std::vector<std::int64_t>& of, std::int64_t block) {
    return of[static_cast<std::size_t>(block) + 1] - of[static_cast<std::size_t>(block)];
  };

  row_writer split_list(plan.buffers[0]), zigzag_index(plan.buffers[1]), per_rank_tokens(plan.buffers[2]);
  for (const auto& of : begins)
    for (std::int64_t block = 0; block < blocks; ++block) split_list.put({size(of, block)});
  for (const bool is_mirror : {false, true}) {
    const std::int64_t own = is_mirror ? blocks - 1 - plan.rank : plan.rank;
    row_writer q(plan.buffers[is_mirror ? 4 : 3]), kv(plan.buffers[is_mirror ? 6 : 5]);
    for (std::int64_t r = 0; r < bs; ++r) {
      const request& of = requests.kept[static_cast<std::size_t>(r)];
      const std::vector<std::int64_t>& cut = begins[static_cast<std::size_t>(r)];
      zigzag_index.put({r * blocks + own});
      q.put({size(cut, own)});
      const std::int64_t before =
          of.is_live ? std::max<std::int64_t>(positions_wanted(problem.mode, of, 0) - 1, 0) : 0;  // its first token
      kv.put({within_limit(problem, before + cut[static_cast<std::size_t>(own) + 1])});
    }
  }

  // The gathered blocks, one after another; each request's say where they lie.
  std::vector<std::int64_t> places(static_cast<std::size_t>(bs * blocks));
  row_writer reverse_index(plan.buffers[7]), reverse_len(plan.buffers[8]);
  std::int64_t place = 0;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    std::int64_t tokens = 0;
    for (const std::int64_t block : {rank, blocks - 1 - rank})
      for (std::int64_t r = 0; r < bs; ++r, ++place) {
        const std::int64_t own = size(begins[static_cast<std::size_t>(r)], block);
        places[static_cast<std::size_t>(r * blocks + block)] = place;
        reverse_len.put({own});
        tokens += own;
      }
    per_rank_tokens.put({tokens});
  }
  for (const std::int64_t of_block : places) reverse_index.put({of_block});
}

}  // namespace nsameta::reference
