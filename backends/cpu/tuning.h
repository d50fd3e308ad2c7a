/// The thresholds of the CPU backend, each with the measurement behind it. "Elements" are rows times the row vectors
/// asked for, plus the columns of page tables.
#pragma once

#include <cstdint>

namespace nsameta::cpu::tuning {

/// Elements from which on a fill is cut over oneTBB's threads. A Xeon with 16 cores to itself, extend with 2 and 7 row
/// vectors over 1 to 4,096 requests and decode with both page tables, oneTBB's threads asleep as they are between an
/// engine's steps, 2, 4 and 16 of them (2026-11-26): the mean of the time over one thread's is 1.08, 1.20 and 1.18 at
/// 131,072 elements, 0.95, 0.87 and 0.99 at 262,144, 0.76, 0.61 and 0.64 at 524,288. On 2 shared threads of an EPYC the
/// better of the two is met within 0.3 % in the mean of 64 batches; from 65,536 it would be 0.7 %, from 400,000 2.6 %.
inline constexpr std::int64_t parallel_elements = 262'144;

/// Elements that a task takes at least. In the same run, 131,072 took 1.00, 1.09 and 1.02 at 262,144 elements, and
/// 16,384 took 1.03, 0.89 and 1.03.
inline constexpr std::int64_t task_elements = 32'768;

/// Requests that are counted before it is asked again whether there are so many elements.
inline constexpr std::int64_t counted_requests = 4096;

/// Segments that a batch is cut into for adding up its requests: enough to balance any machine, few enough for the
/// stack (256 take 10 KiB).
inline constexpr int max_segments = 256;
/// Requests of a segment at least: so many that the work on one hides what it takes to find it.
inline constexpr std::int64_t least_segment = 256;

/// Columns of a unit of page-table work: 4 KiB, a page of memory. Not measured against others.
inline constexpr int table_tile = 1024;
/// Elements that a page of real_page_table counts as: it is read from a cache line of its own.
inline constexpr std::int64_t page_elements = 8;
/// Pieces that page-table work is cut into at most, however many units garbage lengths ask for.
inline constexpr std::int64_t max_table_pieces = 4096;

/// Requests that vector code reads together, and rows that it expands together before it writes them to each output:
/// they stay in the L1 cache.
inline constexpr int block_requests = 64;
inline constexpr int block_rows = 1024;
/// Rows of a longer request that it writes to an output before it turns to the next.
inline constexpr std::int64_t run_rows = 1024;

/// Columns of page_table_1 from which on it is written past the caches: 32 MiB.
inline constexpr std::int64_t streamed_columns = std::int64_t{8} << 20;

}  // namespace nsameta::cpu::tuning
