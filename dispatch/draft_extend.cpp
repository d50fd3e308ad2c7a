// The entry points of the original: one mode, two outputs, a total. They are nsameta_fill and nsameta_explain with the
// problem made here.
#include <cinttypes>

#include "guard.h"
#include "process.h"
#include "raw_enum.h"

using namespace nsameta;

nsameta_status nsameta_fill_draft_extend_metadata(nsameta_strided extend_seq_lens, nsameta_strided seq_lens,
                                                  int64_t batch_size, int32_t nsa_index_topk,
                                                  nsameta_vector out_seqlens_expanded,
                                                  nsameta_vector out_nsa_cache_seqlens, int32_t* total_tokens,
                                                  const nsameta_target* target) {
  if (extend_seq_lens.data == nullptr && batch_size > 0)
    return fail(NSAMETA_INVALID_ARGUMENT, "extend_seq_lens is null, but batch_size is %" PRId64, batch_size);
  if (nsa_index_topk < 1) return fail(NSAMETA_INVALID_ARGUMENT, "nsa_index_topk is %d, less than 1", nsa_index_topk);
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.mode = NSAMETA_DRAFT_EXTEND;
  problem.batch_size = batch_size;
  problem.seq_lens = seq_lens;
  problem.extend_seq_lens = extend_seq_lens;
  problem.index_topk = nsa_index_topk;
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  outputs.seqlens_expanded = out_seqlens_expanded;
  outputs.nsa_cache_seqlens = out_nsa_cache_seqlens;
  if (total_tokens != nullptr) outputs.total_rows = {total_tokens, 1, NSAMETA_INT32};
  return nsameta_fill(&problem, &outputs, target);
}

nsameta_status nsameta_get_kernel_info(int64_t requests, int64_t rows_each, const nsameta_target* target,
                                       nsameta_decision* decision) {
  return guarded([=] {
    if (requests < 1) return fail(NSAMETA_INVALID_ARGUMENT, "requests is %" PRId64 ", less than 1", requests);
    if (rows_each < 1) return fail(NSAMETA_INVALID_ARGUMENT, "rows_each is %" PRId64 ", less than 1", rows_each);
    if (target == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "target is null");
    nsameta_target place = *target;
    if (raw_value(place.kind) == NSAMETA_DEVICE_AUTO) {
      place.kind = NSAMETA_DEVICE_HOST;
      for (const int id : {id_hip, id_cuda})
        if (process_registry().at(id).ready()) place.kind = process_registry().at(id).kind();
    }
    static constexpr std::int32_t length = 0;  // with an explicit target nobody looks at the memory
    nsameta_problem problem;
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DRAFT_EXTEND;
    problem.batch_size = requests;
    problem.seq_lens = {&length, 1, NSAMETA_INT32};
    problem.uniform_extend_len = rows_each;
    return nsameta_explain(&problem, nullptr, &place, decision);
  });
}
