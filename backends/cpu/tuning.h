/// The thresholds of the CPU backend, each with the measurement behind it. "Elements" are rows times the row vectors
/// asked for, plus the columns of page tables.
#pragma once

#include <cstdint>

namespace nsameta::cpu::tuning {

/// Elements from which on a fill is cut over oneTBB's threads. Two threads of an AMD EPYC, 64 batches of decode,
/// target_verify, draft_extend and extend, with two fields, with all, and with tables (2026-11-21): at 262,144 elements
/// two threads take 0.60 to 0.83 of the time of one, at 229,376 and fewer they were 1.00 to 1.04 of it. The mean loss
/// against the better of the two is 0.3 % over the 64 batches; at 65,536 it would be 0.7 %, at 400,000 2.6 %.
inline constexpr std::int64_t parallel_elements = 262'144;

/// Elements that a task takes at least: two tasks, where cutting begins.
inline constexpr std::int64_t task_elements = parallel_elements / 2;

/// Segments that a batch is cut into for adding up its requests: enough to balance any machine, few enough for the
/// stack (256 take 10 KiB).
inline constexpr int max_segments = 256;
/// Requests of a segment at least: so many that the work on one hides what it takes to find it.
inline constexpr std::int64_t least_segment = 256;

/// Columns of a unit of page-table work: 4 KiB, a page of memory. Not measured against others.
inline constexpr int table_tile = 1024;
/// Pieces that page-table work is cut into at most, however many units garbage lengths ask for.
inline constexpr std::int64_t max_table_pieces = 4096;

/// Rows that the outputs may hold for a batch to be written in one walk, in which its rows are found. Of more it pays
/// to count first: they may have to be streamed past the caches.
inline constexpr std::int64_t one_walk_rows = 1 << 20;

/// Rows that vector code expands before it writes them to each output: 4 KiB, which stay in the L1 cache; and requests
/// that it prepares together. Not measured against others.
inline constexpr std::int64_t window_rows = 1024;
inline constexpr int window_requests = 64;

/// Bytes of the L3 cache where the system does not tell.
inline constexpr std::int64_t unknown_cache_bytes = std::int64_t{32} << 20;

}  // namespace nsameta::cpu::tuning
