/// Every number that a measurement chose, with that measurement. Nothing here changes a result. Figures are of an H200,
/// microseconds a graph node, 2026-11-21, unless they say otherwise; docs/lab-notes.md has most of the tables they are
/// from.
#pragma once

#include <cstdint>

namespace nsameta::gpu::tuning {

/// Threads of a block. 512 gain nothing below 4,096 requests, and 21 of 32 batches of up to 512 requests lose 5 % or
/// more; with 1,024, the vectors of 1,024 requests take 2.5 in place of 2.0.
inline constexpr int block_threads = 256;

/// Threads that a multiprocessor should hold at least, which limits the registers of each to 64: page tables are copied
/// at the memory's speed only by many. With 80 registers, both tables of 512 requests, 1,000 live columns each, take
/// 5.8 in place of 4.1.
inline constexpr int resident_threads = 1024;

/// The same for the general kernel, whose int64 rows need more registers: with 128 in place of 64, 285 of 290 points of
/// it take less time, 6 % at the median (H100, 2026-11-26).
inline constexpr int general_threads = 512;

/// Blocks of a grid at most, for each multiprocessor. Half of what it holds of the short-rows kernels, so that the next
/// kernel's blocks find room where launches overlap: with 4, both tables of 128 requests of 1,000 tokens take 2.8 in
/// place of 2.1, and those of 512 requests of 62,000 107 in place of 110 (H100, 2026-11-26).
inline constexpr std::int64_t blocks_per_multiprocessor = 2;

/// Rows of a request, as the host expects them, up to which a few lanes write them all and nothing is searched for:
/// one 32-byte sector of an int32 output. Not measured beyond.
inline constexpr std::int64_t short_rows = 8;

/// Requests up to which all sums may end at 2^31 - 1 and blocks add up all earlier requests for themselves; up to which
/// page tables are served so; and rows of page tables that ragged batches must count.
inline constexpr std::int64_t short_requests = 1 << 20, short_tables = 65536, short_ragged_tables = 8192;

/// Rows of a request, as the host expects them, up to which a warp writes them all to page tables. Capacities that are
/// padded make the host expect more than there are.
inline constexpr std::int64_t table_rows = 128;

/// Requests up to which a thread adds up one at a time, and no block has several groups of them. Above it, 16-byte
/// loads win: two fields of 8,192 ragged requests took 7.0 before and are within 1.3 of 4.1 now (H100, 2026-11-26).
inline constexpr std::int64_t few_requests = 2048;

/// Blocks of vectors at most in the padded kernel, before rows are shared: each adds up all earlier requests. Only runs
/// on different cards were compared with 128: a shorter decode of 65,536 requests, longer ragged fields.
inline constexpr std::int64_t vector_blocks = 256;

/// Rows that a lane writes before another block shares them. Not measured against others.
inline constexpr std::int64_t lane_rows = 2;

/// Elements of a vector's tail for each block of tails, and those blocks at most. Not measured against others.
inline constexpr std::int64_t tail_elements = 1024, tail_blocks = 64;

/// Requests whose page-table tiles are dealt together, one a lane of the narrowest warps. Tiles dealt in the order of
/// the requests, so that warps work on few requests at a time: 82 became 77 (both tables, 512 requests of 62,000).
inline constexpr std::int32_t table_group = 32;

/// 16-byte pieces of a page-table tile that a lane has under way.
inline constexpr int tile_pieces = 4;

/// Rows of one request that a unit of page-table work has at most in the general kernel: a power of two.
inline constexpr std::int64_t table_copies = 8;

/// Rows that a thread of the general kernel writes together where there are enough for all threads: 16 bytes.
inline constexpr int wide_rows = 4;

/// Requests above which the general kernel has one block a multiprocessor: each adds up all earlier requests.
inline constexpr std::int64_t many_requests = 65536;

/// Blocks at most for the page tables of a group: with 32, both tables of 16 requests of 62,000 take 10.8 in place of
/// 4.2; with 256, those of up to 32 requests of 1,000 up to 8 % longer (H100, 2026-11-26).
inline constexpr std::int64_t group_blocks = 128;

/// Elements that a lane of a narrow tile, or of pages alone, has under way.
inline constexpr int lane_loads = 4;

/// log2 of the columns, or pages, of a narrow tile, and of one where there are more of those than warps. Before, with
/// wide tiles alone, both tables of one request of 1,000 take 2.0 in place of 1.6, with four rows 3.8 in place of 1.6
/// (H100, 2026-11-26).
inline constexpr int small_tile = 6, large_tile = 7;

/// Small tiles for each warp up to which both tables are copied by them. With 2, 64 requests of 8,000 take 3.5 in place
/// of 3.2; cut so, 64 of 62,000 take 13.0 in place of 9.9 (H100, 2026-11-26).
inline constexpr unsigned narrow_tiles = 4;

}  // namespace nsameta::gpu::tuning
