/// nsameta: the metadata tables of sparse attention (NSA/DSA), filled in one launch on CUDA, HIP or CPU.
///
/// The C interface. Plain C11, no vendor header, nothing is thrown across it. Conventions:
///  - Every function that can fail returns `nsameta_status`; `nsameta_last_error()` holds the sentence.
///  - The problem, the outputs and the decision lead with `struct_size`, the caller's own sizeof. They grow at the end
///    only, so that a caller and a library of different versions understand each other: what the caller's structure is
///    too short for has its default, and is not written. A longer problem or outputs than the library's own is
///    NSAMETA_UNSUPPORTED unless all that the library does not know is 0.
///  - All sizes, strides and capacities are int64 and count elements, never bytes, unless the name says so.
///  - A null output pointer skips that output and costs nothing.
///  - Lengths live where the backend computes. The library never needs their values on the host.
///  - Every function may be called from any thread, the first time too, and also while the process exits.
///  - A forked child may go on with what runs on the host. A GPU backend that its parent used is
///    NSAMETA_BACKEND_UNAVAILABLE there, and so is cpu/tbb after a fill by oneTBB's threads.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "nsameta/version.h"

#if defined(_WIN32)
#define NSAMETA_API
#else
#define NSAMETA_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// NSAMETA_VERSION of the library that runs, which may be another than that of the headers.
NSAMETA_API int32_t nsameta_version(void);

// ---------------------------------------------------------------------------------------------- status

/// What a call returns. Anything but NSAMETA_OK leaves the outputs as they were, but for device errors, and for the
/// earlier sets of an nsameta_fill_many that failed at a later one.
typedef enum nsameta_status {
  NSAMETA_OK = 0,
  NSAMETA_INVALID_ARGUMENT = 1,     ///< the sentence names the argument and its value
  NSAMETA_UNSUPPORTED = 2,          ///< well formed, but this version does not compute it
  NSAMETA_INVALID_OVERRIDE = 3,     ///< NSAMETA_BACKEND names no backend, device or variant
  NSAMETA_BACKEND_UNAVAILABLE = 4,  ///< no backend that was asked for can run; the sentence says why
  NSAMETA_NOT_WARMED_UP = 5,        ///< inside graph capture and the kernels are not loaded yet
  NSAMETA_CAPTURE_REFUSED = 6,      ///< this execution (staged, for one) cannot be captured in a graph
  NSAMETA_DEVICE_ERROR = 7,         ///< a vendor call failed
  NSAMETA_OUT_OF_MEMORY = 8,
  NSAMETA_INTERNAL_ERROR = 9
} nsameta_status;

/// Bits of the device status word (output `status`): what the lengths held that could not be honoured.
/// The word is set once per fill, 0 when all went well.
typedef enum nsameta_status_bit {
  NSAMETA_BIT_NEGATIVE_LENGTH = 1 << 0,       ///< a negative seq_lens or extend_seq_lens: treated as 0
  NSAMETA_BIT_QUERY_LONGER_THAN_KV = 1 << 1,  ///< `extend` with q > s: rows clamped at 0
  NSAMETA_BIT_CAPACITY_EXCEEDED = 1 << 2,     ///< more rows than a buffer holds, entries than a plan's columns, or
                                              ///< tokens than n: the rest is lost
  NSAMETA_BIT_CONTEXT_EXCEEDED = 1 << 3,      ///< past W, B, a page table's width or context_limit: clipped there,
                                              ///< and no key is written
  NSAMETA_BIT_BAD_SLOT = 1 << 4,              ///< req_pool_indices[r] outside [0, slots): its table rows are tail,
                                              ///< its out_cache_loc is pad_slot. Or a KV slot outside full_to_swa: -1
  NSAMETA_BIT_CU_OVERFLOW = 1 << 5,           ///< a written int32 sum stands at 2^31 - 1 in place of more
  NSAMETA_BIT_LENGTH_OVERFLOW = 1 << 6,       ///< a length past what int32 rows hold: clamped
  NSAMETA_BIT_PLAN_OVERFLOW = 1 << 7          ///< more than 65,536 rows, but a plan has 16 bits for a row: it is empty
} nsameta_status_bit;

/// The name of a status, such as "invalid_argument". Never null.
NSAMETA_API const char* nsameta_status_name(nsameta_status status);

/// The sentence of the calling thread's last failed call, "" if none failed; each thread has its own. Owned by the
/// library, valid until the thread's next call.
NSAMETA_API const char* nsameta_last_error(void);

// --------------------------------------------------------------------------------------------- problem

typedef enum nsameta_mode {
  NSAMETA_DECODE = 0,         ///< one row per request
  NSAMETA_TARGET_VERIFY = 1,  ///< q (or n) draft tokens per request, not yet in seq_lens
  NSAMETA_DRAFT_EXTEND = 2,   ///< q (or n) accepted tokens per request, already in seq_lens; with both, q in n rows
  NSAMETA_EXTEND = 3          ///< prefill: q (or n) new tokens per request, already in seq_lens
} nsameta_mode;

typedef enum nsameta_dtype {
  NSAMETA_INT32 = 0,
  NSAMETA_INT64 = 1,
  NSAMETA_BOOL = 2  ///< a byte, 0 or 1; of is_padding alone
} nsameta_dtype;

/// An input vector of integers, int32 or int64: element i stands at `data[i * stride]`.
typedef struct nsameta_strided {
  const void* data;     ///< aligned to its element; null: absent
  int64_t stride;       ///< elements, >= 0; 0: one length for all
  nsameta_dtype dtype;  ///< of the elements
} nsameta_strided;

/// A table of the engine's, int32, row-major.
typedef struct nsameta_token_table {
  const int32_t* data;  ///< null: absent
  int64_t slots;        ///< rows
  int64_t width;        ///< columns
  int64_t row_stride;   ///< elements, >= width
} nsameta_token_table;

/// KV cache split over ranks (decode context parallel): position p is on rank (p / interleave) mod size.
typedef struct nsameta_kv_shard {
  int32_t size;        ///< ranks, >= 1
  int32_t rank;        ///< this one, in [0, size)
  int32_t interleave;  ///< positions in a row on one rank, >= 1; a multiple of index_kpool where size > 1. With a
                       ///< q_shard of kind round robin, size * interleave <= 65,536
} nsameta_kv_shard;

/// Which query tokens a rank has, of T in the batch.
typedef enum nsameta_q_shard_kind {
  NSAMETA_Q_SHARD_ROUND_ROBIN = 0,  ///< flat token t is on rank t mod size
  NSAMETA_Q_SHARD_CONTIGUOUS = 1,   ///< one piece of the flat tokens; the first T mod size ranks have one token more
  NSAMETA_Q_SHARD_ZIGZAG = 2        ///< a request's rows are cut into 2 * size blocks, the first rows mod (2 * size)
                                    ///< of them one row longer; the rank has block `rank` and its mirror, block
                                    ///< 2 * size - 1 - rank. All first blocks come before all mirrors
} nsameta_q_shard_kind;

/// Query tokens dealt over ranks (prefill context parallel). Off where the batch has fewer tokens than ranks.
typedef struct nsameta_q_shard {
  int32_t size;               ///< ranks, >= 1
  int32_t rank;               ///< this one, in [0, size)
  nsameta_q_shard_kind kind;  ///< one of the enum also where size is 1
} nsameta_q_shard;

/// Compressed caches that may have block tables of their own.
#define NSAMETA_BLOCK_TABLES 4

/// One step's batch: everything that decides what is computed, and the only input of backend selection.
typedef struct nsameta_problem {
  size_t struct_size;                ///< the caller's sizeof, set by nsameta_problem_init
  nsameta_mode mode;                 ///< which rows a request has
  int64_t batch_size;                ///< bs >= 0
  nsameta_strided seq_lens;          ///< [bs] KV length of each request, as the scheduler hands it over
  nsameta_strided extend_seq_lens;   ///< [bs] q, query tokens (not decode), or absent
  int64_t uniform_extend_len;        ///< n, the same for every request, when extend_seq_lens is absent; else 0. In
                                     ///< draft_extend with it: rows of each request, n >= q, of which row j sees
                                     ///< s - q + 1 + j positions, also beyond q
  nsameta_strided req_pool_indices;  ///< [bs] row of req_to_token, which goes with it
  nsameta_token_table req_to_token;  ///< [slots, W] KV slot of each position; for page tables and out_cache_loc
  int32_t page_size;                 ///< P, 1 to 65,536; default 64
  int32_t index_topk;                ///< K >= 1; default 2048
  int32_t index_kpool;               ///< kp >= 1; default 1 (off). With kv_shard on, interleave is a multiple of it
  nsameta_kv_shard kv_shard;         ///< default (1, 0, 1): off
  nsameta_q_shard q_shard;           ///< default (1, 0, round robin): off
  int64_t context_limit;             ///< L, below 2^31: no row sees more positions, and no cache is longer; 0: none
  const int32_t* live_requests;      ///< [1], in the memory of the lengths: requests from there on are padding. They
                                     ///< keep their rows, which see nothing; their length is seq_pad; their slot is not
                                     ///< read. Null: none
  nsameta_token_table block_table;   ///< [slots >= bs, B] KV block of each block of a request; for slot_mapping and
                                     ///< tail_slot_mapping
  int32_t block_size;         ///< b, positions of a block on one rank, 1 to 65,536; default 64. Where slot_mapping
                              ///< is asked for with a kv_shard, a multiple of its interleave
  int32_t pad_slot;           ///< slot of a row that writes no key; default -1
  nsameta_strided topk_lens;  ///< [bs] keys that a request's sparse attention reads; for plans with `topk`
  nsameta_strided extra_topk_lens;  ///< [bs] the same of a second cache; for plans with `extra_topk`
  nsameta_strided num_logits;       ///< [bs] last rows of a request that go to the sampler; absent: 1 of each request
                                    ///< with rows. For plans of logits rows
  nsameta_strided num_rejected;     ///< [bs] drafts of the last step that were not accepted, taken off seq_lens first;
                                    ///< absent: none. Each at most 2^31 - 1; a negative one is a negative length
  int32_t seq_pad;   ///< 0 or 1: the length of a padding request, before kv_shard, in cache_seqlens and in plans of
                     ///< requests (PAGED_MQA, FLASHMLA, DCP_LOCAL, CONTEXT_LENS); and what stands in the tail of
                     ///< cache_seqlens. Its rows see nothing. No offset, drafts or num_rejected count there. Default 0
  int32_t reserved;  ///< 0
  nsameta_strided full_to_swa;  ///< [kv_slots] slot in the sliding window's cache of each KV slot; for plans of windows
                                ///< and of states that are found by it
  int64_t kv_slots;             ///< elements of full_to_swa; without it 0
  nsameta_strided out_cache_loc;  ///< [row_values] KV slot of each row's token, where the engine has them; a negative
                                  ///< one is none. local_out_loc, swa_out_loc by full_to_swa, and out_loc of blocks
                                  ///< that are a page, without kv_shard and blocks_from, are from it. Without q_shard
  nsameta_strided swa_floor;  ///< [row_values] position below which a row does not look in a sliding window; absent: 0
  int64_t row_values;  ///< elements of out_cache_loc and of swa_floor; without both 0. They are of the batch's rows,
                       ///< and of sets that say where theirs begin. Rows past them have no slot, and no floor
  nsameta_token_table block_tables[NSAMETA_BLOCK_TABLES];  ///< [slots >= bs, any] blocks of each request in caches that
                                                           ///< have tables of their own; see nsameta_plan.blocks_from
  int64_t pad_rows_to;  ///< below 2^31: rows from T up to it are padding, where the batch has a request: they see the
                        ///< first position of its last one, or none where that is padding, write no key and raise no
                        ///< bit. seqlens_expanded, nsa_cache_seqlens and the plans COMPRESSED_ROWS, _INDICES, _BLOCKS
                        ///< of rows and WINDOW hold them, and have room; out_loc, swa_out_loc and local_out_loc say, as
                        ///< far as they have room, that no key is written. Not of draft steps; without q_shard. 0: none
} nsameta_problem;

/// Sets `struct_size` and the defaults; everything else to 0. Writes `struct_size` bytes: the caller's sizeof, which
/// may be of an older version than the library. Nothing is written if it is less than the first fields are long.
NSAMETA_API void nsameta_problem_init_sized(nsameta_problem* problem, size_t struct_size);

/// The same for the structure as these headers declare it.
static inline void nsameta_problem_init(nsameta_problem* problem) {
  nsameta_problem_init_sized(problem, sizeof(nsameta_problem));
}

// ------------------------------------------------------------------------------- output vectors and tables

/// An output vector, contiguous.
typedef struct nsameta_vector {
  void* data;           ///< aligned to its element; null: skip this output
  int64_t capacity;     ///< elements the buffer holds
  nsameta_dtype dtype;  ///< int32; the cu_* arrays, positions and out_cache_loc may be int64, and slot_mapping and
                        ///< tail_slot_mapping are; is_padding is bool
} nsameta_vector;

/// An output table, int32, row-major.
typedef struct nsameta_table {
  int32_t* data;       ///< null: skip this output
  int64_t rows;        ///< capacity
  int64_t width;       ///< columns that may be written in each row
  int64_t row_stride;  ///< elements, >= width
} nsameta_table;

// ----------------------------------------------------------------------------------------------- plans

/// What a kernel of another library, or the sampler, is given beside the tables: how work is cut over a GPU, or lists.
/// Each is a contract of that library's, which nothing checks at run time. docs/plans.md says what each one holds, and
/// of which versions.
typedef enum nsameta_plan_kind {
  NSAMETA_PLAN_PAGED_MQA = 0,        ///< DeepGEMM's schedule of the indexer
  NSAMETA_PLAN_FLASHMLA = 1,         ///< FlashMLA's tiles of the attention
  NSAMETA_PLAN_TOPK = 2,             ///< the rows that SGLang's top-k gives to a cluster of SMs
  NSAMETA_PLAN_AITER = 3,            ///< aiter's works of the attention, on AMD
  NSAMETA_PLAN_PAGE_LIST = 4,        ///< the pages of each request's cache, one request's after another's
  NSAMETA_PLAN_LOGITS_ROWS = 5,      ///< the rows whose logits are wanted
  NSAMETA_PLAN_DCP_LOCAL = 6,        ///< the cache lengths of all ranks of the kv_shard
  NSAMETA_PLAN_ZIGZAG = 7,           ///< a prefill cut over ranks, each with a block of every request and its mirror
  NSAMETA_PLAN_CONTEXT_LENS = 8,     ///< the lengths of the indexer, as many of each request as it has query rows
  NSAMETA_PLAN_COMPRESSED_ROWS = 9,  ///< of a cache with an entry for `ratio` tokens: what each row sees and writes
  NSAMETA_PLAN_COMPRESSED_REQUESTS = 10,  ///< the entries that each request has in it
  NSAMETA_PLAN_COMPRESSED_INDICES = 11,   ///< the slots of the entries that each row sees
  NSAMETA_PLAN_COMPRESSED_BLOCKS = 12,    ///< the blocks of it that each request has
  NSAMETA_PLAN_WINDOW = 13,               ///< what each row sees of a sliding window
  NSAMETA_PLAN_COMPRESSED_EVENTS = 14,    ///< the rows that finish an entry
  NSAMETA_PLAN_COMPRESSED_CARRIES = 15,   ///< the requests whose last entry is still open after the step
  NSAMETA_PLAN_RAGGED_ROWS = 16,          ///< what rows see in a buffer of all requests' entries, one's after another's
  NSAMETA_PLAN_RAGGED_BLOCKS = 17,        ///< the blocks that such a buffer is gathered from
  NSAMETA_PLAN_STATE_DECODE = 18,         ///< of raw tokens that wait for their entry: where a decode's are
  NSAMETA_PLAN_STATE_COMPRESS = 19,       ///< the rows that finish an entry, and where its earlier tokens are
  NSAMETA_PLAN_STATE_WRITE = 20,          ///< the tokens that are kept for later entries, and where
  NSAMETA_PLAN_COMPRESSED_CANDIDATES = 21,  ///< the entries that the step can reach, finished or not
  NSAMETA_PLAN_LOCAL_SLOTS = 22             ///< where each row's key is written, of KV slots that ranks have in turn
} nsameta_plan_kind;

/// Versions of DeepGEMM, by the month of their first commit.
typedef enum nsameta_mqa_preset {
  NSAMETA_MQA_DG_2025_09 = 0,
  NSAMETA_MQA_DG_2026_04 = 1,
  NSAMETA_MQA_DG_2026_04B = 2,
  NSAMETA_MQA_DG_2026_06 = 3,
  NSAMETA_MQA_DG_2026_06_SM100 = 4,
  NSAMETA_MQA_DG_2026_08_SM90 = 5,
  NSAMETA_MQA_DG_NV_SM90 = 6,
  NSAMETA_MQA_DG_NV_SM100 = 7,
  NSAMETA_MQA_DG_NV_SM120 = 8
} nsameta_mqa_preset;

/// The words of a row of tile_scheduler_metadata.
typedef enum nsameta_flashmla_preset {
  NSAMETA_FLASHMLA_2026 = 0,  ///< begin_req, end_req (inclusive), begin_block, end_block, begin_split,
                              ///< first_req_is_split, last_req_is_split, 0
  NSAMETA_FLASHMLA_2025 = 1   ///< begin_req, begin_block, end_req (inclusive), end_block, begin_split, 0, 0, 0
} nsameta_flashmla_preset;

/// Forms of aiter's get_mla_metadata_v1.
typedef enum nsameta_aiter_preset {
  NSAMETA_AITER_FAST = 0,         ///< one line of all entries, cut in equal parts
  NSAMETA_AITER_INTRA = 1,        ///< each entry in pieces of its own
  NSAMETA_AITER_INTRA_GFX942 = 2  ///< the same in up to 16 pieces an entry, as on gfx942
} nsameta_aiter_preset;

/// Where a page list is from.
typedef enum nsameta_page_list_preset {
  NSAMETA_PAGES_OF_TOKENS = 0,  ///< req_to_token: every P-th element, divided by P and rounded down; without kv_shard
  NSAMETA_PAGES_OF_BLOCKS = 1   ///< block_table: its elements, each a page of b positions. With a kv_shard, b is a
                                ///< multiple of its interleave
} nsameta_page_list_preset;

/// What the columns of the indexer's lengths hold.
typedef enum nsameta_context_lens_preset {
  NSAMETA_CONTEXT_LENS_OF_ROWS = 0,  ///< column j: max(0, s - next_n + 1 + j), what the last next_n positions see
  NSAMETA_CONTEXT_LENS_REPEATED = 1  ///< the request's length in each, as SGLang's paged_mqa_ctx_lens_2d
} nsameta_context_lens_preset;

/// Whose rows a table of blocks has.
typedef enum nsameta_blocks_preset {
  NSAMETA_BLOCKS_OF_REQUESTS = 0,  ///< one row for each request
  NSAMETA_BLOCKS_OF_ROWS = 1       ///< its request's for each row of the batch
} nsameta_blocks_preset;

/// Where a sliding window is kept.
typedef enum nsameta_window_preset {
  NSAMETA_WINDOW_OF_SLOTS = 0,     ///< where full_to_swa has the position's element of req_to_token
  NSAMETA_WINDOW_OF_RINGS = 1,     ///< `ring` slots of each request: its row of req_to_token * ring + position mod ring
  NSAMETA_WINDOW_OF_POSITIONS = 2  ///< the position itself
} nsameta_window_preset;

/// Where raw tokens wait until their entry is made.
typedef enum nsameta_state_preset {
  NSAMETA_STATE_OF_REQUEST = 0,  ///< `ring` slots of each request: its row of req_to_token * ring + position mod ring
  NSAMETA_STATE_OF_WINDOW = 1,   ///< as many of each page of the window's cache, found by full_to_swa
  NSAMETA_STATE_RUNNING = 2      ///< no raw tokens but one running state of each request, at its row + slot_offset
} nsameta_state_preset;

#define NSAMETA_PLAN_BUFFERS 9

/// A plan that is asked for, of the lengths of its set of outputs. Without q_shard, and for at most 1,048,576 requests.
/// What its kind does not name below is 0.
typedef struct nsameta_plan {
  nsameta_plan_kind kind;  ///< which of its members count, and what it holds
  int32_t preset;          ///< of the kind: nsameta_mqa_preset, nsameta_flashmla_preset, nsameta_aiter_preset,
                           ///< nsameta_page_list_preset, nsameta_context_lens_preset, nsameta_blocks_preset,
                           ///< nsameta_window_preset, nsameta_state_preset
  int32_t parts;           ///< that the work is cut in, 1 to 1,024. PAGED_MQA: num_sms. FLASHMLA: num_sm_parts. AITER:
                           ///< num_cu. ZIGZAG: cp_size, the ranks C
  int32_t next_n;          ///< PAGED_MQA, CONTEXT_LENS: query rows of a request, 1 to 64. COMPRESSED_CANDIDATES: tokens
                           ///< of its step, 1 to 65,536
  int32_t block;       ///< FLASHMLA: keys of a block, 1 to 1,024; FlashMLA's is 64. AITER: kv_granularity, pages of a
                       ///< block, as many; aiter's is 16. COMPRESSED_ROWS, _INDICES, _BLOCKS and _CANDIDATES,
                       ///< RAGGED_BLOCKS: block_size, entries that lie together, 1 to 65,536. `ratio` times as many
                       ///< positions divide page_size, or are a multiple of it, where blocks_from is 0
  int32_t overhead;    ///< FLASHMLA: blocks that each request of a part costs more, 0 to 64; 5, or 3 for one kernel
  int32_t topk;        ///< FLASHMLA: keys that each request reads, where topk_lens does not say; 0: dense, all of them.
                       ///< AITER: keys that an entry reads at most; 0: all. COMPRESSED_ROWS and _INDICES: entries that
                       ///< a row reads at most; 0: all
  int32_t extra_topk;  ///< FLASHMLA: the same of a second cache, where extra_topk_lens does not say; 0: there is none
  int32_t threshold;   ///< TOPK: rows longer than it are listed; 0: by the ladder of thresholds
  int32_t page_size;  ///< AITER: positions of a page, 1 to 1,024. STATE_ of the window: swa_page_size, tokens of a page
                      ///< of its cache, a multiple of ring; else 0
  int32_t most_splits;  ///< AITER: pieces of an entry; fast: max_split_per_batch, times the entries the parts that get
                        ///< work; intra: max_splits, not read on gfx942; 0: no limit
  int32_t head_ratio;   ///< AITER, intra: times that each entry stands, 1 to 64; fast: 1
  int32_t rank;         ///< ZIGZAG: this one's, cp_rank, of `parts`
  int32_t ratio;        ///< COMPRESSED_, RAGGED_, STATE_: tokens that an entry stands for, 1 to 65,536
  int32_t no_slot;      ///< COMPRESSED_ROWS: out_loc of a row that finishes no entry on this rank
  int32_t columns;      ///< COMPRESSED_INDICES and _BLOCKS, WINDOW: of the table, 1 to 2^30
  int32_t index_align;  ///< COMPRESSED_INDICES, WINDOW: columns that are written at a time, 1 to 65,536; engines' is 64
  int32_t window;       ///< WINDOW: positions that a row sees, its own among them, 1 to 2^20
  int32_t ring;  ///< WINDOW of rings: slots of each request, 1 to 2^20; else 0. STATE_: slots, a multiple of ratio
                 ///< that has room for what an entry is made from; of running states 1
  int32_t oldest_first;  ///< WINDOW: 0: the row's own position comes first; 1: last
  int32_t whole_step;  ///< WINDOW: 1: all rows of a request see the `window` positions before the step, and all of the
                       ///< step, oldest first, whatever oldest_first; 0: their own position and
                       ///< those before it
  int32_t overlap;     ///< COMPRESSED_EVENTS, STATE_: 1: an entry is made from its own tokens and as
                       ///< many before; 0: its own
  int32_t ragged_align;  ///< RAGGED_ROWS: entries that each request's part of the buffer is a multiple of, 1 to 65,536
  int32_t slot_offset;   ///< STATE_: of running states: where they begin; else 0
  int32_t blocks_from;   ///< COMPRESSED_ROWS, _INDICES, _BLOCKS and _CANDIDATES, RAGGED_BLOCKS: 0: req_to_token has the
                        ///< cache's blocks, by its pages; i: the problem's block_tables[i - 1] has them, by its columns
  int32_t invalid_tail;  ///< COMPRESSED_EVENTS and _CARRIES, STATE_COMPRESS and _WRITE: 1: what is beyond the list is
                         ///< rows that name nothing, -1 0 -1 -1, of two words -1 -1; 0: it is kept.
                         ///< COMPRESSED_INDICES: 1: columns beyond those of index_align are -1, in rows that there are
  int32_t reserved[2];   ///< 0
  /// int32 but where it says int64. "The table" is req_to_token, or the one of blocks_from. PAGED_MQA:
  /// paged_mqa_schedule [parts + 1, 2]. FLASHMLA: tile_scheduler_metadata [parts, 8], num_splits [bs + 1]. TOPK:
  /// topk_plan [T + 1, 2], of requests of as many rows each. AITER: work_indptr [parts + 1], work_info_set [W, 8],
  /// reduce_indptr [E + 1], reduce_final_map [E, 2], reduce_partial_map [W], of the E = T * head_ratio entries. W is as
  /// many works as there may be: fast: E + parts; intra: E times the pieces that an entry may have, which is 16 on
  /// gfx942, else ceil(parts / E), most_splits at most. Works past those there are, and pieces, are kept. PAGE_LIST:
  /// kv_indptr [bs + 1], kv_indices [any], kv_last_page_len [bs]. LOGITS_ROWS: cu_num_logits [bs + 1], logits_indices
  /// [L] int64, expanded_req [L], expanded_local_pos [L], L any. Of these two kinds, all but the first may be null. A
  /// list that is longer than a buffer loses its end there, and sets NSAMETA_BIT_CAPACITY_EXCEEDED; what is beyond it
  /// is kept. DCP_LOCAL: dcp_local_seq_lens [bs, kv_shard.size]. ZIGZAG: split_list [bs * 2C], zigzag_index [2 * bs],
  /// per_rank_tokens [C], q_prev, q_next, kv_prev, kv_next [bs each], cp_reverse_index, reverse_split_len [bs * 2C
  /// each]. CONTEXT_LENS: context_lens [bs, next_n]. COMPRESSED_ROWS: seq_lens, seq_lens_clamp1, sparse_lens, positions
  /// [T each], out_loc [T] int64, for which the table is needed or out_cache_loc; T of any length, as lists are.
  /// COMPRESSED_REQUESTS: past_lens, kv_lens [bs each], cu_new_lens [bs + 1]. Of these two kinds any buffer may be
  /// null. COMPRESSED_INDICES: page_indices [T, columns]. COMPRESSED_BLOCKS: block_table [R, columns], R requests or
  /// rows. Rows of both end where docs/compressed.md says, and what is beyond is kept; those past the capacity, and
  /// entries past the columns, are lost and set NSAMETA_BIT_CAPACITY_EXCEEDED. Both need the table. WINDOW: swa_lens
  /// [T], swa_page_indices [T, columns], swa_out_loc [T], any of which may be null, and like the rows above of any
  /// length; slots of rings need req_to_token, and those of slots full_to_swa too, or for swa_out_loc out_cache_loc.
  /// Without kv_shard. COMPRESSED_EVENTS: num_events [1], events [E, 4]. COMPRESSED_CARRIES: num_carries [1], carries
  /// [C, 4]. The list is of any length, in whole rows, or null, and the number counts also what is past it.
  /// RAGGED_ROWS: cu_kv_lens [bs + 1], ks, ke [T each, of any length], any of which may be null. RAGGED_BLOCKS:
  /// num_blocks [1], ragged_block_table, a list of any length, or null; needs the table. STATE_DECODE: decode_plan [bs,
  /// 4]. STATE_COMPRESS: num_compressed [1], compress_plan [E, 4]. STATE_WRITE: num_writes [1], write_plan [any, 2], of
  /// running states [any, 4]. The last two are lists as events are. All three need req_to_token; of the window
  /// full_to_swa too. COMPRESSED_CANDIDATES: write_start, tail_start [bs each], candidate_loc [bs, ceil(next_n /
  /// ratio)] int64, for which the table is needed; any may be null. LOCAL_SLOTS: local_out_loc [T of any length] int64:
  /// of the row's KV slot, by out_cache_loc or else by req_to_token, the slot divided by kv_shard.size where the
  /// remainder is kv_shard.rank; else 0, the reserved row.
  nsameta_vector buffers[NSAMETA_PLAN_BUFFERS];
} nsameta_plan;

/// As many plans as a set of outputs may ask for: ten of each of four compressed caches, and five more.
#define NSAMETA_MAX_PLANS 45

// --------------------------------------------------------------------------------------------- outputs

/// What stands beyond the live elements after a fill: of page tables also in whole rows, those beyond R and those of
/// requests without a slot.
typedef enum nsameta_tail {
  NSAMETA_TAIL_KEEP = 0,  ///< what stood there before (costs nothing)
  NSAMETA_TAIL_ZERO = 1,  ///< zeros up to the capacity; in cu_* arrays the last total, in slots pad_slot, in
                          ///< is_padding 1, in cache_seqlens and local_cache_seqlens seq_pad, localised as they are
  NSAMETA_TAIL_VALUE = 2  ///< page tables only: `table_tail_value`
} nsameta_tail;

/// Where the results go. T is the number of expanded rows of the problem, R the rows of the page tables.
typedef struct nsameta_outputs {
  size_t struct_size;                  ///< the caller's sizeof, set by nsameta_outputs_init
  nsameta_vector cache_seqlens;        ///< [bs]
  nsameta_vector cu_seqlens_k;         ///< [bs + 1] exclusive prefix sum of cache_seqlens, then the total
  nsameta_vector cu_seqlens_q;         ///< [bs + 1] exclusive prefix sum of rows per request, then T. In a zigzag a
                                       ///< request's rows lie in two places: token_to_batch tells
  nsameta_vector seqlens_expanded;     ///< [T]
  nsameta_vector nsa_cache_seqlens;    ///< [T] seqlens_expanded clamped to top-k
  nsameta_vector nsa_cu_seqlens_k;     ///< [T + 1] exclusive prefix sum of nsa_cache_seqlens, then the total
  nsameta_vector nsa_cu_seqlens_q;     ///< [T + 1] 0, 1, ... T
  nsameta_vector indexer_ks;           ///< [T] sum of cache_seqlens of the requests before the row's; without kv_shard
  nsameta_vector indexer_ke;           ///< [T] indexer_ks + seqlens_expanded; without kv_shard
  nsameta_vector token_to_batch;       ///< [T] the row's request
  nsameta_vector total_rows;           ///< [1] T, in the memory of the other outputs
  nsameta_vector status;               ///< [1] nsameta_status_bit, or-ed
  nsameta_vector local_cache_seqlens;  ///< [bs] tokens in the rank's cache: what cache_seqlens holds
  nsameta_vector positions;            ///< [T] the row's own position: one less than it sees on all ranks together; 0
                                       ///< where it sees none
  nsameta_vector slot_mapping;         ///< [T] where the key of that position is written, by block_table: its block's
                                       ///< number * b + place in it. pad_slot where a row sees nothing, is past
                                       ///< context_limit or the table, or where another rank of kv_shard has the key
  nsameta_vector out_cache_loc;        ///< [T] the same by req_to_token: its element, also under kv_shard
  nsameta_vector last_token_index;     ///< [bs] cu_seqlens_q[r + 1] - 1; -1 of a request without rows; not in a zigzag
  nsameta_table page_table_1;          ///< [R, W]
  nsameta_table real_page_table;       ///< [R, ceil(W / P)]
  nsameta_table local_page_table_1;    ///< [R, those of W on this rank] column i: the KV slot of the i-th position that
                                       ///< kv_shard's rank has, divided by its size and rounded down
  nsameta_tail vector_tail;            ///< keep or zero
  nsameta_tail table_tail;             ///< keep, zero or value
  int32_t table_tail_value;            ///< goes with NSAMETA_TAIL_VALUE
  int32_t draft_step;     ///< 0: the batch itself. i, 1 to 1,024: the i-th decode step of a drafter after it. Every
                          ///< request has one row, whatever the mode, and sees i positions more than seq_lens, less
                          ///< num_rejected, without the drafts of target_verify; all outputs and plans are as in decode
  int64_t length_offset;  ///< added to every seq_lens first; within +-2^31
  const nsameta_plan* plans;         ///< [plan_count] in host memory, read by the call alone
  int64_t plan_count;                ///< 0 to NSAMETA_MAX_PLANS
  nsameta_vector is_padding;         ///< [T] 1 where the row's request is padding, else 0, also where it sees nothing
  nsameta_vector tail_slot_mapping;  ///< [T] where the key of the row's position is written among those of the
                                     ///< request's unfinished pool: block_table[r, 0] * kp + position mod kp, on every
                                     ///< rank of kv_shard. pad_slot where a row sees nothing, is past context_limit,
                                     ///< or the table has no column
  int64_t row_values_from;  ///< element of out_cache_loc and of swa_floor that is the set's first row's, counted
                            ///< from 1. 0: the first one; a draft step then has no given slots and no floors
} nsameta_outputs;

/// Sets `struct_size`; everything else to 0: no output, tails kept. `struct_size` as in nsameta_problem_init_sized.
NSAMETA_API void nsameta_outputs_init_sized(nsameta_outputs* outputs, size_t struct_size);

/// The same for the structure as these headers declare it.
static inline void nsameta_outputs_init(nsameta_outputs* outputs) {
  nsameta_outputs_init_sized(outputs, sizeof(nsameta_outputs));
}

// ---------------------------------------------------------------------------------------------- target

typedef enum nsameta_device_kind {
  NSAMETA_DEVICE_AUTO = 0,  ///< ask where the memory is (a pointer query per buffer)
  NSAMETA_DEVICE_HOST = 1,
  NSAMETA_DEVICE_CUDA = 2,
  NSAMETA_DEVICE_HIP = 3,
  NSAMETA_DEVICE_SIMT = 4  ///< the GPU kernels run on the host: a virtual device over host memory
} nsameta_device_kind;

/// How a fill may be run. Results are the same with and without, unless a kernel before it was itself launched as a
/// dependent one and does not wait for those before it: then set NSAMETA_TARGET_NO_OVERLAP.
typedef enum nsameta_target_flag {
  /// The kernel is launched after those before it in the stream have ended. Without it, on CUDA devices of compute
  /// capability 9.0 and later, the kernel may be launched while they still run, and waits for them on the device before
  /// it touches memory (programmatic dependent launch), inside graphs too: that saves some of the launch's time. A
  /// dependent launch of the caller's after the fill may then begin before the kernels ahead of the fill have ended.
  NSAMETA_TARGET_NO_OVERLAP = 1
} nsameta_target_flag;

/// Where and in what order to compute. With an explicit kind the caller vouches that the device reaches every
/// buffer; nothing is queried. Zero it first (`= {0}`): every field counts.
typedef struct nsameta_target {
  nsameta_device_kind kind;  ///< auto or the device that reaches every buffer
  int32_t index;             ///< device ordinal; 0 for the host
  void* stream;              ///< cudaStream_t or hipStream_t; null: the default stream
  uint64_t flags;            ///< nsameta_target_flag, or-ed; 0 for none
} nsameta_target;

// ------------------------------------------------------------------------------------------------ fill

/// Fills every output of `outputs` for `problem`: one kernel launch on a GPU, in stream order; done on return on
/// a CPU. Never allocates, synchronises, queries properties or the environment, changes the caller's current
/// device, or clears an error it did not cause. Excepted are the first fill on a device, which probes and loads what it
/// needs, staged execution, the tasks of cpu/tbb, and the backends that are there for testing: reference and simt. Safe
/// inside graph capture after nsameta_warmup(). The lengths may not change while a fill runs.
/// Thread-safe; concurrent fills need distinct outputs.
NSAMETA_API nsameta_status nsameta_fill(const nsameta_problem* problem, const nsameta_outputs* outputs,
                                        const nsameta_target* target);

/// The same problem into `count` sets of outputs, each with its own fields, capacities, tails, draft step, length
/// offset and values of rows: what a batch reads, and each step of a drafter after it. One launch on a GPU for up to
/// NSAMETA_SETS_PER_LAUNCH sets that have up to 45 plans together, and one more for each further so many; with a
/// q_shard one more for draft steps of a batch in another mode than decode. The sets may not overlap. They are an array
/// of the caller's nsameta_outputs: `struct_size` bytes apart, all the same. Where that is not the library's own size,
/// more than NSAMETA_SETS_PER_LAUNCH sets take host memory for a copy. All other promises are nsameta_fill's.
NSAMETA_API nsameta_status nsameta_fill_many(const nsameta_problem* problem, const nsameta_outputs* outputs,
                                             int64_t count, const nsameta_target* target);

/// The entry point that came before nsameta_fill: expands a draft_extend batch into seqlens_expanded and, clamped to
/// `nsa_index_topk`, nsa_cache_seqlens. Both lengths have `batch_size` elements. `total_tokens` takes T, in the memory
/// of the outputs and in stream order; null: not wanted. All other rules and promises are nsameta_fill's.
NSAMETA_API nsameta_status nsameta_fill_draft_extend_metadata(nsameta_strided extend_seq_lens, nsameta_strided seq_lens,
                                                              int64_t batch_size, int32_t nsa_index_topk,
                                                              nsameta_vector out_seqlens_expanded,
                                                              nsameta_vector out_nsa_cache_seqlens,
                                                              int32_t* total_tokens, const nsameta_target* target);

/// As many descriptions as every vendor takes as kernel parameters.
#define NSAMETA_SETS_PER_LAUNCH 8

/// Loads the module and every kernel for a device, so that later fills are safe inside graph capture. Blocking;
/// call it once per device at start-up. With NSAMETA_DEVICE_AUTO: every usable device.
NSAMETA_API nsameta_status nsameta_warmup(const nsameta_target* target);

// ------------------------------------------------------------------------------- backends and selection

typedef enum nsameta_backend_state {
  NSAMETA_BACKEND_READY = 0,
  NSAMETA_BACKEND_NOT_BUILT = 1,     ///< this build of the library left it out
  NSAMETA_BACKEND_NOT_FOUND = 2,     ///< its module is not in any searched place, or cannot be opened
  NSAMETA_BACKEND_INCOMPATIBLE = 3,  ///< the file found is no module of this version
  NSAMETA_BACKEND_NO_DRIVER = 4,
  NSAMETA_BACKEND_NO_DEVICE = 5,
  NSAMETA_BACKEND_NO_CODE = 6,  ///< devices are there, but the image holds no code for them
  NSAMETA_BACKEND_FORKED = 7    ///< used before the process was forked: its devices stayed with the parent
} nsameta_backend_state;

/// A backend and whether it can run. Strings are owned by the library and live as long as the process.
typedef struct nsameta_backend_info {
  const char* name;             ///< "reference", "cpu", "simt", "cuda", "hip"
  const char* version;          ///< of the toolkit or library it is built on, "" when not built
  nsameta_backend_state state;  ///< ready, or what is missing
  const char* reason;           ///< "" when ready, else a sentence with the paths tried
  int32_t device_count;         ///< devices it can run on; 0 unless ready
} nsameta_backend_info;

/// What a backend says of a device.
typedef struct nsameta_device_info {
  char name[256];           ///< as its vendor calls it
  char architecture[32];    ///< "sm_90", "gfx942", "x86_64", ...
  int32_t multiprocessors;  ///< streaming multiprocessors, compute units or hardware threads
  int32_t warp_width;       ///< lanes of a warp or wavefront; 1 on a CPU
  int64_t memory_bytes;     ///< of the device
  int32_t has_code;         ///< 1 when the image holds code for this architecture
} nsameta_device_info;

/// All backends, also those not built, in selection order. Writes at most `capacity` entries, returns how many
/// there are; 0 where the host has no memory to open them. Probes (and so loads) what is there, once.
NSAMETA_API size_t nsameta_backends(nsameta_backend_info* out, size_t capacity);

/// Describes device `index` of a backend.
NSAMETA_API nsameta_status nsameta_device(const char* backend, int32_t index, nsameta_device_info* out);

/// Why a candidate did not run.
typedef enum nsameta_rejection_code {
  NSAMETA_REJECTED_UNAVAILABLE = 1,    ///< see nsameta_backend_state
  NSAMETA_REJECTED_NOT_REQUESTED = 2,  ///< it runs only where it is named, or an override names others
  NSAMETA_REJECTED_UNREACHABLE = 3,    ///< its device cannot reach a buffer
  NSAMETA_REJECTED_WRONG_TARGET = 4,   ///< the caller's target is another kind of device
  NSAMETA_REJECTED_ORDER = 5           ///< it could run, and so can one that comes before it
} nsameta_rejection_code;

#define NSAMETA_MAX_REJECTIONS 16

/// A candidate that did not run.
typedef struct nsameta_rejection {
  char candidate[32];           ///< "backend/variant"
  nsameta_rejection_code code;  ///< the kind of reason
  char why[192];                ///< the reason, a sentence
} nsameta_rejection;

/// A selection and its reasons: what nsameta_fill would do. Zero it first (`= {0}`), then set `struct_size`: a library
/// of an older version leaves what it does not know as it is.
typedef struct nsameta_decision {
  size_t struct_size;       ///< sizeof(nsameta_decision), set by the caller
  char backend[16];         ///< that runs; "" if none does
  char variant[16];         ///< of the backend
  int32_t device;           ///< its ordinal
  int32_t staged;           ///< 1: buffers are copied in and out, because the forced backend cannot reach them
  int64_t row_bound;        ///< rows the host can bound T by: uniform rows, else the smallest row capacity
  char rule[192];           ///< which rules decided, and by which number
  char override_text[64];   ///< the override in force, "" if none
  int32_t rejection_count;  ///< of `rejections`
  nsameta_rejection rejections[NSAMETA_MAX_REJECTIONS];  ///< the candidates that do not run
  char kernel[32];  ///< of the backend's, that is launched; "" on CPUs, and where no output is asked for
} nsameta_decision;

/// The decision of nsameta_fill for the same arguments, without running it. `outputs` may be null: then only
/// the inputs decide. Fails like nsameta_fill would; `decision` then still lists the rejections.
NSAMETA_API nsameta_status nsameta_explain(const nsameta_problem* problem, const nsameta_outputs* outputs,
                                           const nsameta_target* target, nsameta_decision* decision);

/// Which kernel a draft_extend batch of `requests` requests with `rows_each` rows each would get for the fields of
/// nsameta_fill_draft_extend_metadata, and why: the decision of nsameta_explain without a batch at hand.
/// NSAMETA_DEVICE_AUTO: the first GPU that is ready, CUDA before HIP, or else the host.
NSAMETA_API nsameta_status nsameta_get_kernel_info(int64_t requests, int64_t rows_each, const nsameta_target* target,
                                                   nsameta_decision* decision);

/// Overrides selection, in the syntax of NSAMETA_BACKEND: "auto", or a list of "name[:index][/variant]". Wins over
/// the environment. Only before the first dispatch of the process; later NSAMETA_INVALID_OVERRIDE.
NSAMETA_API nsameta_status nsameta_set_override(const char* text);

// --------------------------------------------------------------------------------------------- logging

/// Receives one line per event, without newline, on the thread that caused it; must not call the library. What it
/// throws is dropped.
typedef void (*nsameta_log_callback)(const char* line, void* user);

/// Sends log lines to `callback` in place of stderr; null restores stderr. What is logged is chosen by NSAMETA_LOG
/// (a list of: dispatch, loader), read once; nothing by default.
NSAMETA_API void nsameta_set_log_callback(nsameta_log_callback callback, void* user);

#ifdef __cplusplus
}
#endif
