/// Every number that a measurement chose, with that measurement. Nothing here changes a result. Figures are of an H200,
/// microseconds a graph node, 2026-11-21, unless they say otherwise; docs/lab-notes.md has most of the tables they are
/// from.
#pragma once

#include <cstdint>

namespace nsameta::gpu::tuning {

/// Threads of a block. With 512, vectors of 257 to 512 rows, which are then one block's, take 0.93 as long, and those
/// of fewer up to 1.22, page tables up to 1.5 (H100, 2026-11-27); with 1,024, the vectors of 1,024 requests take 2.5 in
/// place of 2.0.
inline constexpr int block_threads = 256;

/// Threads that a multiprocessor should hold at least, which limits the registers of each to 64: page tables are copied
/// at the memory's speed only by many. With 80 registers, both tables of 512 requests, 1,000 live columns each, take
/// 5.8 in place of 4.1.
inline constexpr int resident_threads = 1024;

/// The same for the kernels that compute in int64: with 128 registers in place of 64, 285 of 290 points of a former one
/// took less time, 6 % at the median (H100, 2026-11-26).
inline constexpr int int64_threads = 512;

/// Blocks of a grid at most, for each multiprocessor. Half of what it holds of the short steps' kernels, so that the
/// next kernel's blocks find room where launches overlap: with 4, both tables of 128 requests of 1,000 tokens take 2.8
/// in place of 2.1, and those of 512 requests of 62,000 107 in place of 110 (H100, 2026-11-26).
inline constexpr std::int64_t blocks_per_multiprocessor = 2;

/// Rows of a request, as the host expects them, up to which a few lanes write them all and nothing is searched for:
/// one 32-byte sector of an int32 output. Not measured beyond.
inline constexpr std::int64_t short_rows = 8;

/// Requests up to which int32 serves.
inline constexpr std::int64_t short_requests = 1 << 20;

/// Rows of a request, as the host expects them, up to which a warp writes them all to page tables. Capacities that are
/// padded make the host expect more than there are. In int64, log2 of those that a warp writes; not measured.
inline constexpr std::int64_t table_rows = 128;
inline constexpr int part_rows_shift = 3;

/// Requests up to which the kernels of short steps serve: beyond, blocks take several groups of requests. Not
/// measured against others.
inline constexpr std::int64_t few_requests = 2048;

/// Requests whose lengths a thread has under way when it adds up all earlier ones; in the kernels of short steps, whose
/// code must be short, fewer. With 8 in place of 4, the tails of up to 512 requests take 7 to 10 % longer (H100,
/// 2026-11-27).
inline constexpr int loads = 4, short_loads = 2, int64_loads = 1;

/// Blocks of vectors at most where requests have few rows, for one set of outputs: each adds up all earlier requests.
/// With 256, tails of 2,048 to 65,536 requests take 1.25 to 1.4 times as long (H100, 2026-11-27).
inline constexpr std::int64_t vector_blocks = 128;

/// Rows that a lane writes before another block shares them. Not measured against others.
inline constexpr std::int64_t lane_rows = 2;

/// Elements of a vector's tail for each block of tails, and those blocks at most. Not measured against others.
inline constexpr std::int64_t tail_elements = 1024, tail_blocks = 64;

/// Requests whose page-table tiles are dealt together, one a lane of the narrowest warps. Tiles dealt in the order of
/// the requests, so that warps work on few requests at a time: 82 became 77 (both tables, 512 requests of 62,000).
inline constexpr std::int32_t table_group = 32;

/// Requests whose places on a plan's line shared memory holds: 16 KB of each block of the kernel for plans. Longer
/// lines lie in the buffer of num_splits.
inline constexpr std::int32_t plan_line = 4096;

/// Elements of a list that a thread writes one after another, having looked for the first one's request: with 16, page
/// lists of 128 requests of up to 251 blocks take 9.7 in place of 5.7. And elements for each block of a page list, as
/// far as its capacity tells: with 4,096, those of 32 requests take 10.1 in place of 5.2 (H100, 2026-11-28).
inline constexpr int list_run = 4;
inline constexpr std::int64_t list_elements = 512;

/// Elements for each block of a plan that has as many of each request: lengths of dcp_local and context_lens, blocks of
/// zigzag. One for each thread: with 512, those of 512 requests take 2.0, 1.8 and 2.6 in place of 1.7, 1.6 and 2.4, by
/// one block 3.8, 5.6 and 12.9 (2026-11-28).
inline constexpr std::int64_t plan_elements = 256;

/// Rows of a table of a compressed cache, or of a window, for each of its blocks, and blocks at least: a single row may
/// be long. The tables of a set share a grid's blocks, so that all run together: three that have half of them each take
/// 8.0 in place of 5.8 for 128 requests (DeepSeek V4 in a verify, 2026-11-28). Lanes that write a row at least: with
/// 16, the same of 512 requests, 2,048 rows, want a second turn, and take 10.3 in place of 8.8 (2026-11-29). Columns
/// that each has under way: with 2, the tables of 512 requests of 62,000 tokens take 19.6 in place of 16.8.
inline constexpr std::int64_t table_block_rows = 4, table_blocks = 4;
inline constexpr std::int32_t table_lanes = 8;
inline constexpr int table_loads = 4;

/// Requests whose lengths a thread of a plan has under way, or elements.
inline constexpr int plan_loads = 4;

/// 16-byte pieces of a page-table tile that a lane has under way.
inline constexpr int tile_pieces = 4;

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
