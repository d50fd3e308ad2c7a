/// Runs the reference, and after it the CPU, on a problem stated in a line or two, into guarded buffers.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nsameta/nsameta.h"

namespace nsameta::test {

using ints = std::vector<std::int64_t>;
using int_rows = std::vector<ints>;

/// A problem and the shape of the buffers to fill.
struct step {
  nsameta_mode mode = NSAMETA_DECODE;
  ints seq_lens = {};
  ints extend_seq_lens = {};            ///< empty: absent, and uniform_extend_len counts
  std::int64_t uniform_extend_len = 0;  ///< with extend_seq_lens: rows that they are padded to
  ints req_pool_indices = {};           ///< empty: 0, 1, 2, ...
  int_rows req_to_token = {};
  int page_size = 64;
  int index_topk = 2048;
  int index_kpool = 1;
  nsameta_kv_shard kv_shard = {1, 0, 1};
  nsameta_q_shard q_shard = {1, 0, NSAMETA_Q_SHARD_ROUND_ROBIN};
  std::int64_t context_limit = 0;
  std::optional<std::int32_t> live_requests = {};  ///< absent: all

  nsameta_dtype length_type = NSAMETA_INT32;
  std::int64_t length_stride = 1;
  std::int64_t source_row_gap = 0;  ///< elements between rows of req_to_token

  nsameta_dtype cu_type = NSAMETA_INT32;
  std::int64_t spare_requests = 2;  ///< capacity of the per-request vectors beyond bs
  std::int64_t row_capacity = 16;   ///< of the per-row vectors; one more in nsa_cu_*
  std::int64_t table_rows = 0;      ///< capacity of the page tables; 0: not asked for
  std::int64_t table_width = 8;     ///< of all page tables
  std::int64_t table_row_gap = 3;
  nsameta_tail vector_tail = NSAMETA_TAIL_KEEP;
  nsameta_tail table_tail = NSAMETA_TAIL_KEEP;
  int table_tail_value = 0;
  std::int64_t length_offset = 0;
  std::vector<std::string> skipped = {};  ///< outputs not asked for
};

/// What was written. A vector, and a row of a table, ends with its last written element; an element before it that was
/// left alone shows as `untouched`. Tables have all their `table_rows` rows.
struct answer {
  std::map<std::string, ints> vectors;
  std::map<std::string, int_rows> tables;

  /// By value: an answer is often a temporary.
  ints operator[](const std::string& name) const { return vectors.at(name); }
  std::int64_t status() const { return vectors.at("status").at(0); }
  bool operator==(const answer&) const = default;
};

/// What buffers hold before a fill.
inline constexpr std::int32_t untouched = -77777;

/// Runs it. Checks that the fill succeeds, that nothing outside the buffers, and no input, was changed, and that the
/// CPU writes the same.
answer run(const step& s);

}  // namespace nsameta::test

namespace doctest {

template <class T>
struct StringMaker<std::vector<T>> {
  static String convert(const std::vector<T>& values) {
    String out = "[";
    for (const T& value : values) out += (out.size() > 1 ? " " : "") + toString(value);
    return out + "]";
  }
};

}  // namespace doctest
