/// The thresholds of the CPU backend, each with the measurement behind it. "Elements" are rows times the row vectors
/// asked for, plus the columns of page tables.
#pragma once

#include <cstdint>

namespace nsameta::cpu::tuning {

/// Elements from which on a fill is cut over oneTBB's threads. Their time over one thread's, on 2, 4 and 16 cores of a
/// Xeon (2026-11-26), when they sleep 1.5 ms between fills, as between an engine's steps: 1.01, 1.47 and 1.46 at
/// 164,000 elements, 0.94, 1.30 and 1.10 at 246,000, 0.85, 0.99 and 0.99 at 328,000, 0.90, 1.08 and 0.67 at 492,000.
/// From fill to fill without a pause 0.77, 0.48 and 0.81 at 164,000, and 0.87, 0.33 and 0.46 at 328,000.
inline constexpr std::int64_t parallel_elements = 262'144;

/// Elements by which each request of a plain batch raises that threshold, over the threads that join the caller. Cut
/// into pieces, a batch is added up before it is written: of 131,072 requests with five fields that is 0.6 ns a request
/// in decode and 1.3 in draft_extend of 1 to 4 rows, where all else is 1.0 and 2.0 (EPYC, from fill to fill,
/// 2026-11-27). So two threads gain 0.2 at most, and lose 0.6 where the second one comes late.
inline constexpr std::int64_t request_elements = 4;

/// Elements that a task takes at least. Of the kernel before this one, on 16 cores and at 262,144 elements, 131,072
/// took 1.02 of the time and 16,384 took 1.03.
inline constexpr std::int64_t task_elements = 32'768;

/// Segments that a batch is cut into for adding up its requests: enough to balance any machine, few enough for the
/// stack (256 take 10 KiB).
inline constexpr int max_segments = 256;
/// Requests of a segment at least: so many that the work on one hides what it takes to find it.
inline constexpr std::int64_t least_segment = 256;

/// Columns of a unit of page-table work: 4 KiB, a page of memory. Not measured against others.
inline constexpr int table_tile = 1024;
/// Elements that a page of real_page_table counts as, and a request of any page table: both are read from cache lines
/// of their own. 14 and 150 ns, where a column of page_table_1 takes 0.5, on one thread of a Xeon after a pause of 1.5
/// ms and other batches; 11, 90 and 0.3 ns on an EPYC (2026-11-27).
inline constexpr std::int64_t page_elements = 24;
inline constexpr std::int64_t table_request_elements = 192;
/// The same of a live column of local_page_table_1: two multiplications for its place and one for its slot, from memory
/// that is read in order. Not measured.
inline constexpr std::int64_t local_elements = 8;
/// Pieces that page-table work is cut into at most, however many units garbage lengths ask for.
inline constexpr std::int64_t max_table_pieces = 4096;

/// Requests that vector code reads together, and rows that it expands together before it writes them to each output:
/// 10 KiB, which stay in the L1 cache. The rows are read back by vectors that several requests wrote, so that a block
/// waits for its own stores once: 64 requests and 1,024 rows take 1.2 times as long, 256 and 4,096 the same
/// (draft_extend of 1 to 4 rows, bs 256 to 4,096, EPYC, 2026-11-26).
inline constexpr int block_requests = 128;
inline constexpr int block_rows = 2048;
/// Rows of a longer request that it writes to an output before it turns to the next.
inline constexpr std::int64_t run_rows = 1024;

/// Columns of page_table_1 from which on it is written past the caches: 32 MiB. Live 62,000, over std::copy: 0.62 of
/// the time at bs 256 and 1,024 (EPYC, 32 MiB of L3), 0.78 and 0.84 on 16 cores of a Xeon (300 MiB).
inline constexpr std::int64_t streamed_columns = std::int64_t{8} << 20;

}  // namespace nsameta::cpu::tuning
