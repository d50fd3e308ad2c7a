#include "steps.h"

#include <bit>

namespace engine {

steps::steps(device& on, const limits& with)
    : device_(on), limits_(with), rows_(static_cast<std::size_t>(with.batch) * with.width) {
  const auto batch = static_cast<std::size_t>(limits_.batch), width = static_cast<std::size_t>(limits_.width);
  seq_lens_ = on.allocate(batch);
  queries_ = on.allocate(batch);
  slots_ = on.allocate(batch);
  token_table_ = on.allocate((batch + 1) * width);
  for (const name field : {"cache_seqlens", "positions", "out_cache_loc", "kv_last_page_len", "total_rows", "status"})
    buffers_[field] = on.allocate(batch);
  for (const name field : {"cu_seqlens_k", "cu_seqlens_q", "kv_indptr", "num_splits"})
    buffers_[field] = on.allocate(batch + 1);
  buffers_["tile_scheduler_metadata"] = on.allocate(static_cast<std::size_t>(limits_.parts) * 8);
  for (const name field : {"seqlens_expanded", "nsa_cache_seqlens", "indexer_ks", "indexer_ke", "token_to_batch"})
    buffers_[field] = on.allocate(rows_);
  buffers_["nsa_cu_seqlens_k"] = on.allocate(rows_ + 1);
  buffers_["page_table_1"] = on.allocate(batch * width);
  for (const name field : {"real_page_table", "kv_indices"})
    buffers_[field] = on.allocate(batch * width / static_cast<std::size_t>(limits_.page));
}

void steps::upload_tokens(const request& of, int from) {
  device_.upload(&token_table_[static_cast<std::size_t>(of.slot) * limits_.width + from],
                 std::span(of.tokens).subspan(from));
}

tables steps::prefill(const std::vector<request*>& admitted) {
  std::vector<std::int32_t> lengths, queries;
  std::size_t rows = 0;
  for (const request* each : admitted) {
    upload_tokens(*each, 0);
    lengths.push_back(each->length());
    queries.push_back(each->length() - each->cached);
    rows += queries.back();
  }
  device_.upload(seq_lens_.data(), lengths);
  device_.upload(queries_.data(), queries);

  const std::size_t batch = admitted.size();
  nsameta::problem step(NSAMETA_EXTEND);
  step.with_seq_lens(seq_lens_.first(batch)).with_extend_seq_lens(queries_.first(batch)).with_index_topk(limits_.topk);
  using o = nsameta_outputs;
  nsameta::outputs out;
  out.with(&o::cu_seqlens_q, buffer("cu_seqlens_q"))
      .with(&o::seqlens_expanded, buffer("seqlens_expanded"))
      .with(&o::nsa_cache_seqlens, buffer("nsa_cache_seqlens"))
      .with(&o::indexer_ks, buffer("indexer_ks"))
      .with(&o::indexer_ke, buffer("indexer_ke"))
      .with(&o::token_to_batch, buffer("token_to_batch"))
      .with(&o::total_rows, buffer("total_rows").first(1))
      .with(&o::status, buffer("status").first(1));
  nsameta::fill(step, out, device_.where()).or_throw();
  return read({{"cu_seqlens_q", batch + 1},
               {"seqlens_expanded", rows},
               {"nsa_cache_seqlens", rows},
               {"indexer_ks", rows},
               {"indexer_ke", rows},
               {"token_to_batch", rows},
               {"total_rows", 1},
               {"status", 1}});
}

tables steps::decode(const std::deque<request>& running) {
  const std::size_t batch = std::bit_ceil(running.size());
  std::vector<std::int32_t> lengths(batch, 1), slots(batch, 0);  // the padding: slot 0, length 1
  for (std::size_t i = 0; i < running.size(); ++i) {
    upload_tokens(running[i], running[i].length() - 1);
    lengths[i] = running[i].length();
    slots[i] = running[i].slot;
  }
  device_.upload(seq_lens_.data(), lengths);
  device_.upload(slots_.data(), slots);

  device_.replay(static_cast<int>(batch), [&] {
    nsameta::problem step(NSAMETA_DECODE);
    step.with_seq_lens(seq_lens_.first(batch)).with_index_topk(limits_.topk).with_page_size(limits_.page);
    step.with_req_pool_indices(slots_.first(batch)).with_req_to_token(token_table_, limits_.width);
    const nsameta_plan plans[] = {// read by the call: the graph keeps what they say
                                  nsameta::flashmla_tiles(NSAMETA_FLASHMLA_2026, limits_.parts,
                                                          buffer("tile_scheduler_metadata"), buffer("num_splits")),
                                  nsameta::page_list(NSAMETA_PAGES_OF_TOKENS, buffer("kv_indptr"), buffer("kv_indices"),
                                                     buffer("kv_last_page_len"))};
    using o = nsameta_outputs;
    nsameta::outputs out;
    out.with_plans(plans)
        .with(&o::positions, buffer("positions"))
        .with(&o::out_cache_loc, buffer("out_cache_loc"))
        .with(&o::cache_seqlens, buffer("cache_seqlens"))
        .with(&o::cu_seqlens_k, buffer("cu_seqlens_k"))
        .with(&o::nsa_cache_seqlens, buffer("nsa_cache_seqlens"))
        .with(&o::nsa_cu_seqlens_k, buffer("nsa_cu_seqlens_k"))
        .with(&o::total_rows, buffer("total_rows").first(1))
        .with(&o::status, buffer("status").first(1))
        .with(&o::page_table_1, buffer("page_table_1"), limits_.width)
        .with(&o::real_page_table, buffer("real_page_table"), limits_.width / limits_.page);
    nsameta::fill(step, out, device_.where()).or_throw();
  });
  const auto columns = static_cast<std::size_t>(limits_.width);
  return read({{"cache_seqlens", batch},
               {"cu_seqlens_k", batch + 1},
               {"nsa_cache_seqlens", batch},
               {"nsa_cu_seqlens_k", batch + 1},
               {"total_rows", 1},
               {"status", 1},
               {"positions", batch},
               {"out_cache_loc", batch},
               {"tile_scheduler_metadata", static_cast<std::size_t>(limits_.parts) * 8},
               {"kv_indptr", batch + 1},
               {"kv_indices", batch * columns / static_cast<std::size_t>(limits_.page)},
               {"kv_last_page_len", batch},
               {"page_table_1", running.size() * columns},
               {"real_page_table", running.size() * columns / static_cast<std::size_t>(limits_.page)}});
}

tables steps::read(std::initializer_list<std::pair<name, std::size_t>> fields) {
  tables held;
  for (const auto& [field, elements] : fields) held[field] = device_.download(buffer(field).first(elements));
  return held;
}

}  // namespace engine
