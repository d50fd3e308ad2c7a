/* What nsameta_fill costs without Python: the batch of overhead.py, called in a loop. */
#include <nsameta/nsameta.h>
#include <time.h>

double seconds_a_call(const int32_t* seq_lens, const int32_t* extend_seq_lens, int64_t requests, int32_t* const* out,
                      int64_t rows, int calls) {
  nsameta_problem problem;
  nsameta_outputs outputs;
  const nsameta_target target = {NSAMETA_DEVICE_HOST, 0, 0};
  nsameta_problem_init(&problem);
  nsameta_outputs_init(&outputs);
  problem.mode = NSAMETA_DRAFT_EXTEND;
  problem.batch_size = requests;
  problem.seq_lens = (nsameta_strided){seq_lens, 1, NSAMETA_INT32};
  problem.extend_seq_lens = (nsameta_strided){extend_seq_lens, 1, NSAMETA_INT32};
  outputs.seqlens_expanded = (nsameta_vector){out[0], rows, NSAMETA_INT32};
  outputs.nsa_cache_seqlens = (nsameta_vector){out[1], rows, NSAMETA_INT32};
  outputs.cache_seqlens = (nsameta_vector){out[2], requests, NSAMETA_INT32};
  outputs.cu_seqlens_k = (nsameta_vector){out[3], requests + 1, NSAMETA_INT32};
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < calls; ++i)
    if (nsameta_fill(&problem, &outputs, &target) != NSAMETA_OK) return -1;
  clock_gettime(CLOCK_MONOTONIC, &end);
  return ((double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec)) / calls;
}
