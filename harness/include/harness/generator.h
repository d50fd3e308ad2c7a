/// Problems by the thousand, each decided by a seed and a number, the same on every platform.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

#include "harness/output_layout.h"
#include "harness/problem_data.h"
#include "harness/random.h"

namespace nsameta::harness {

enum class length_pattern {
  uniform,     ///< all requests alike
  ragged,      ///< each its own
  zero_heavy,  ///< nearly all empty
  one_giant    ///< one request larger than all others together
};

enum class capacity_rule {
  exact,
  spare,  ///< more than is live
  short_  ///< row outputs and page tables hold fewer rows than there are
};

/// One alone by its place in table_fields.
enum class table_choice { none, all, page_table_1, real_page_table, local_page_table_1 };

/// The page tables' width beside that of req_to_token.
enum class width_rule { exact, narrower, wider };

/// What the same buffers held before: another batch with the rules of this one.
enum class earlier_batch { none, smaller, larger };

/// What stands behind a case: anything that is allowed, or a batch as an engine steps it, by the outputs that it asks
/// for.
enum class batch_kind {
  any,
  lengths,  ///< seqlens_expanded and nsa_cache_seqlens alone
  vectors,  ///< all but status, the indexer's ranges and the local outputs
  status,   ///< these and status
  tables    ///< vectors and page tables
};
inline constexpr std::array batch_kind_names{"any batch", "step, lengths alone", "step, vectors", "step, status",
                                             "step, page tables"};

/// Everything that decides one case.
struct case_recipe {
  nsameta_mode mode = NSAMETA_DECODE;
  std::int64_t batch_size = 1;
  length_pattern pattern = length_pattern::ragged;
  bool uniform_queries = false;  ///< uniform_extend_len in place of extend_seq_lens, in modes that take both
  bool left_aligned = false;     ///< both, in modes that take them together
  nsameta_dtype length_dtype = NSAMETA_INT32;
  std::int64_t stride = 1;  ///< 0: all requests have the same lengths, and slot
  nsameta_dtype cu_dtype = NSAMETA_INT32;
  nsameta_tail vector_tail = NSAMETA_TAIL_KEEP;
  capacity_rule capacity = capacity_rule::exact;
  bool bad_lengths = false;  ///< some negative, beyond int32 or longer than their context
  std::int64_t length_offset = 0;
  std::int32_t draft_step = 0;  ///< that the outputs are of
  std::int64_t context_limit = 0;
  std::optional<std::int32_t> live_requests;
  bool all_fields = true;  ///< else a random half; of the vectors
  std::int64_t max_context = 4096;
  std::int64_t max_rows = 16384;  ///< aimed at, as far as the batch size lets it
  std::int32_t index_topk = 2048;
  std::int32_t index_kpool = 1;
  nsameta_kv_shard kv_shard{1, 0, 1};
  nsameta_q_shard q_shard{1, 0, NSAMETA_Q_SHARD_ROUND_ROBIN};
  table_choice tables = table_choice::none;
  nsameta_tail table_tail = NSAMETA_TAIL_KEEP;
  width_rule table_width = width_rule::exact;
  std::int32_t page_size = 64;
  bool bad_slots = false;                     ///< some outside req_to_token
  std::int64_t max_table_elements = 1 << 18;  ///< of req_to_token, and of a page table where its rows let it
  std::uint64_t seed = 0;                     ///< of the lengths and of everything not named above
  batch_kind kind = batch_kind::any;
  std::int64_t sets = 1;  ///< of outputs, alike, each for one token more than the set before, or
  bool chain = false;     ///< for the next draft step
  earlier_batch earlier = earlier_batch::none;
  bool step_vectors = false;
  std::int32_t block_size = 64;  ///< where they are asked for
  bool plans = false;
  bool rejected = false;  ///< drafts to take off the lengths
  std::int32_t seq_pad = 0;
};

struct generated_case {
  case_recipe recipe;
  problem_data problem;
  output_layout layout;
  std::optional<problem_data> previous = {};  ///< filled into the same buffers first
};

/// Which features the random recipes draw from.
struct generator_options {
  bool bad_input = true;  ///< lengths and slots
  bool page_tables = true;
  bool shards = true;
  bool kpool = true;
  bool offsets = true;
  bool padding = true;  ///< left-aligned rows, limits and live requests
  bool step_vectors = true;
  bool plans = true;
  std::int64_t max_batch_size = 4097;
  std::int64_t modes = std::ssize(all_modes);  ///< the first so many
  bool zero_strides = true;
};

/// The recipe of case `number` of a seed.
case_recipe draw_recipe(std::uint64_t seed, std::uint64_t number, const generator_options& options = {});

/// The recipe of case `number` among batches as engines step them: dense lengths or one for all, int64 more often than
/// not, in every mode, outputs with room, without shards, pools or nonsense.
case_recipe draw_step(std::uint64_t seed, std::uint64_t number);

/// The recipe of case `number` of what the program runs: two steps, then two of any kind, and so on, a third of them
/// after another batch.
case_recipe draw_case(std::uint64_t seed, std::uint64_t number);

generated_case build_case(const case_recipe& recipe);

/// Draws where the raw tokens of an entry wait, of a plan with a ratio and a preset. The ring has room for what an
/// entry is made from, and often for drafts.
void draw_state(random_source& random, nsameta_plan& plan);

/// Draws what an engine may give of rows, and block tables of some caches.
void set_row_inputs(random_source& random, problem_data& problem);

/// Draws which block table a plan is of, and what stands beyond its list, where it has these.
void draw_given(random_source& random, const problem_data& problem, nsameta_plan& plan);

/// What the JSON of the problem does not tell: types, strides, tails, capacities, offset. One line.
std::string describe(const case_recipe& recipe);

}  // namespace nsameta::harness
