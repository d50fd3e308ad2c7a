/// The modes and the kinds of q_shard as data: one row a mode, so that validation, JSON, Python and the backends look
/// in the same list. What it says of `seq_lens` decides what a row sees: of a request with q rows, row j sees the first
/// cache - q + 1 + j tokens, so that the last row sees all of them.
#pragma once

#include <array>
#include <cstddef>

#include "nsameta/nsameta.h"

namespace nsameta {

struct mode_row {
  nsameta_mode mode;
  const char* name;

  // Where the number of a request's rows comes from. In a mode that takes neither it is 1.
  bool takes_uniform;  ///< uniform_extend_len
  bool takes_ragged;   ///< extend_seq_lens
  bool takes_both;     ///< together: extend_seq_lens tokens in uniform_extend_len rows

  bool drafts;  ///< seq_lens does not count the request's own rows yet: the cache is longer by them

  bool rows_within_cache;  ///< more rows than seq_lens raise query_longer_than_kv
  bool table_row_a_row;    ///< page tables show a request once for each of its rows; else once
};

inline constexpr auto modes = std::to_array<mode_row>({
    // mode, name, uniform, ragged, both, drafts, within, tables
    {NSAMETA_DECODE, "decode", false, false, false, false, false, false},
    {NSAMETA_TARGET_VERIFY, "target_verify", true, true, false, true, false, true},
    {NSAMETA_DRAFT_EXTEND, "draft_extend", true, true, true, false, false, true},
    {NSAMETA_EXTEND, "extend", true, true, false, false, true, false},
});

// In the enum's order.
static_assert([] {
  for (std::size_t i = 0; i < modes.size(); ++i)
    if (modes[i].mode != static_cast<nsameta_mode>(i)) return false;
  return true;
}());

inline constexpr auto all_modes = [] {
  std::array<nsameta_mode, modes.size()> all{};
  for (std::size_t i = 0; i < modes.size(); ++i) all[i] = modes[i].mode;
  return all;
}();

/// `mode` is one of the table.
constexpr const mode_row& row_of(nsameta_mode mode) { return modes[static_cast<std::size_t>(mode)]; }

constexpr const char* mode_name(nsameta_mode mode) { return row_of(mode).name; }

/// By nsameta_q_shard_kind.
inline constexpr std::array<const char*, 3> q_shard_kind_names{"round_robin", "contiguous", "zigzag"};

/// As messages name them.
inline constexpr std::array<const char*, NSAMETA_BLOCK_TABLES> block_table_names{"block_tables[0]", "block_tables[1]",
                                                                                 "block_tables[2]", "block_tables[3]"};

}  // namespace nsameta
