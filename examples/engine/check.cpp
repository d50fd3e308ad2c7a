#include "check.h"

#include <algorithm>

namespace engine {
namespace {

void expect(const tables& got, const std::string& field, std::size_t at, std::int32_t wanted) {
  const std::int32_t value = got.at(field).at(at);
  if (value != wanted)
    throw std::runtime_error(field + "[" + std::to_string(at) + "] is " + std::to_string(value) + ", not " +
                             std::to_string(wanted));
}

/// FlashMLA's parts have each block of 64 keys of each request once.
void check_tiles(const tables& got, const limits& with) {
  const std::vector<std::int32_t>& rows = got.at("tile_scheduler_metadata");
  const std::vector<std::int32_t>& lengths = got.at("cache_seqlens");
  tables held{{"blocks", std::vector<std::int32_t>(lengths.size())}};
  const auto blocks = [&](std::size_t r) { return (lengths[r] + 63) / 64; };
  for (int part = 0; part < with.parts; ++part) {
    const std::int32_t* const row = &rows[static_cast<std::size_t>(part) * 8];
    const auto first = static_cast<std::size_t>(row[0]), end = static_cast<std::size_t>(row[1] + 1);
    for (std::size_t r = first; r < end; ++r)
      held["blocks"][r] += (r + 1 == end ? row[3] : blocks(r)) - (r == first ? row[2] : 0);
  }
  for (std::size_t r = 0; r < lengths.size(); ++r) expect(held, "blocks", r, blocks(r));
}

}  // namespace

void check_prefill(const tables& got, const std::vector<request*>& admitted, const limits& with) {
  std::int32_t row = 0, before = 0;
  for (std::size_t i = 0; i < admitted.size(); ++i) {
    expect(got, "cu_seqlens_q", i, row);
    for (int position = admitted[i]->cached; position < admitted[i]->length(); ++position, ++row) {
      expect(got, "seqlens_expanded", row, position + 1);  // a token sees itself and all before
      expect(got, "nsa_cache_seqlens", row, std::min(position + 1, with.topk));
      expect(got, "indexer_ks", row, before);
      expect(got, "indexer_ke", row, before + position + 1);
      expect(got, "token_to_batch", row, static_cast<std::int32_t>(i));
    }
    before += admitted[i]->length();
  }
  expect(got, "cu_seqlens_q", admitted.size(), row);
  expect(got, "total_rows", 0, row);
  expect(got, "status", 0, 0);
}

void check_decode(const tables& got, const std::deque<request>& running, const limits& with) {
  const std::size_t batch = got.at("cache_seqlens").size();
  const std::vector<std::int32_t> nothing{0};  // what the padding reads: one token, in slot 0 of page 0
  std::int32_t sum = 0, clamped_sum = 0, listed = 0;
  for (std::size_t i = 0; i < batch; ++i) {
    const std::int32_t length = i < running.size() ? running[i].length() : 1;
    expect(got, "positions", i, length - 1);
    expect(got, "out_cache_loc", i, i < running.size() ? running[i].tokens.back() : 0);
    expect(got, "kv_indptr", i, listed);
    for (const std::int32_t page : i < running.size() ? running[i].pages : nothing)
      expect(got, "kv_indices", static_cast<std::size_t>(listed++), page);
    expect(got, "kv_last_page_len", i, (length - 1) % with.page + 1);
    expect(got, "cache_seqlens", i, length);
    expect(got, "nsa_cache_seqlens", i, std::min(length, with.topk));
    expect(got, "cu_seqlens_k", i, sum);
    expect(got, "nsa_cu_seqlens_k", i, clamped_sum);
    sum += length;
    clamped_sum += std::min(length, with.topk);
  }
  expect(got, "kv_indptr", batch, listed);
  check_tiles(got, with);
  expect(got, "cu_seqlens_k", batch, sum);
  expect(got, "nsa_cu_seqlens_k", batch, clamped_sum);
  expect(got, "total_rows", 0, static_cast<std::int32_t>(batch));
  expect(got, "status", 0, 0);
  for (std::size_t i = 0; i < running.size(); ++i) {
    const auto& [tokens, pages] = std::tie(running[i].tokens, running[i].pages);
    for (std::size_t p = 0; p < tokens.size(); ++p) expect(got, "page_table_1", i * with.width + p, tokens[p]);
    for (std::size_t p = 0; p < pages.size(); ++p)
      expect(got, "real_page_table", i * with.width / with.page + p, pages[p]);
  }
}

}  // namespace engine
