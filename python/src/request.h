/// A call's arguments as the library takes them. Everything is pointed to, nothing copied.
#pragma once

#include <cstdint>
#include <optional>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

#include "array.h"

namespace nsameta::python {

/// What fill() and explain() take, for their documentation.
inline constexpr const char* request_signature =
    "(mode: str, seq_lens, *, extend_seq_lens=None, uniform_extend_len: int = 0, req_pool_indices=None, "
    "req_to_token=None, page_size: int = 64, index_topk: int = 2048, index_kpool: int = 1, "
    "kv_shard: tuple[int, int, int] = (1, 0, 1), q_shard: tuple[int, int] = (1, 0), "
    "cache_seqlens=None, cu_seqlens_k=None, cu_seqlens_q=None, seqlens_expanded=None, nsa_cache_seqlens=None, "
    "nsa_cu_seqlens_k=None, nsa_cu_seqlens_q=None, indexer_ks=None, indexer_ke=None, token_to_batch=None, "
    "total_rows=None, status=None, page_table_1=None, real_page_table=None, "
    "vector_tail: str = 'keep', table_tail: str = 'keep', table_tail_value: int = 0, length_offset: int = 0, "
    "batch_size: int | None = None, row_limit: int | None = None, column_limit: int | None = None, "
    "stream: int | None = None)";

class request {
 public:
  request(nb::args positional, nb::kwargs named);

  nsameta_problem problem;
  nsameta_outputs outputs;
  nsameta_target target;

 private:
  friend struct setters;

  void set(nb::handle name, nb::handle value);
  void check_lengths();
  void apply_limits();

  array_reader arrays_;
  bool has_mode_ = false;
  std::optional<std::int64_t> batch_size_, row_limit_, column_limit_;
  std::int64_t requests_ = 0;                                          ///< elements of seq_lens
  std::optional<std::int64_t> extend_seq_lens_, req_pool_indices_;     ///< elements of these
};

}  // namespace nsameta::python
