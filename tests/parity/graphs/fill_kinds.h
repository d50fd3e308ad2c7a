/// Fills that differ in the kernel that serves them: one kind for each way the kernels have, in every mode that has it.
#pragma once

#include <vector>

#include "gpu/kernels.h"
#include "harness/output_layout.h"
#include "harness/problem_data.h"

namespace nsameta::test {

enum class field_choice {
  two,      ///< seqlens_expanded and nsa_cache_seqlens
  vectors,  ///< all vectors but the status word and the indexer's
  with_status,
  all  ///< the indexer's too
};

/// What a kind may have besides.
struct fill_traits {
  bool tables = false;
  std::int64_t requests = 40;
  std::int64_t most_tokens = 8;  ///< of a request; 2 with tables, which would be large otherwise
  bool ragged = true;            ///< draft_extend and extend: a length each
  nsameta_dtype length_dtype = NSAMETA_INT32;
  nsameta_dtype cu_dtype = NSAMETA_INT32;
  std::int64_t stride = 1;
  bool tails = false;  ///< written, in buffers with room to spare
  nsameta_kv_shard kv_shard{1, 0, 1};
  nsameta_q_shard q_shard{1, 0, NSAMETA_Q_SHARD_ROUND_ROBIN};
  std::int32_t index_kpool = 1;
  std::int64_t sets = 1;  ///< of outputs
  bool drafts = false;    ///< all sets but the first are of draft steps
  bool chained = false;   ///< one fill a set, each launched while the one before may still run
  bool step_vectors = false;
  bool plans = false;
};

struct fill_kind {
  const char* name;
  std::vector<nsameta_mode> modes;
  int kernel;  ///< that must run, by its gpu::kernel_id
  field_choice fields;
  fill_traits with = {};

  bool is_large() const { return with.requests > 1000; }
};

const std::vector<fill_kind>& fill_kinds();

/// The problem with every length as large as the buffers allow, and the buffers that it just fills.
harness::problem_data full_problem(const fill_kind&, nsameta_mode);
std::vector<harness::output_layout> layouts_for(const fill_kind&, const harness::problem_data& full);

/// What changes from replay to replay.
struct length_step {
  harness::strided_values seq_lens, extend_seq_lens, req_pool_indices;
};

/// Step `number` of a cycle of `count` >= 4: nothing at first, growing to what fills the buffers in the middle, more
/// than that right behind, and less and less from there. Every eighth step holds lengths and slots that make no sense.
length_step step_of(const fill_kind&, const harness::problem_data& full, std::int64_t number, std::int64_t count);

}  // namespace nsameta::test
