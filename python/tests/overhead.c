/* What nsameta_fill costs without Python: the batches of overhead.py, each called in a loop. */
#include <nsameta/nsameta.h>
#include <time.h>

static double seconds_a_call(const nsameta_problem* problem, const nsameta_outputs* outputs, int calls) {
  const nsameta_target target = {NSAMETA_DEVICE_HOST, 0, 0};
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < calls; ++i)
    if (nsameta_fill(problem, outputs, &target) != NSAMETA_OK) return -1;
  clock_gettime(CLOCK_MONOTONIC, &end);
  return ((double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec)) / calls;
}

static nsameta_vector vector(int32_t* data, int64_t capacity) {
  return (nsameta_vector){data, capacity, NSAMETA_INT32};
}

/* What both batches have: lengths, and two fields a request. */
static void start(nsameta_problem* problem, nsameta_outputs* outputs, nsameta_mode mode, int64_t requests,
                  const int32_t* seq_lens, int32_t* const* out) {
  nsameta_problem_init(problem);
  nsameta_outputs_init(outputs);
  problem->mode = mode;
  problem->batch_size = requests;
  problem->seq_lens = (nsameta_strided){seq_lens, 1, NSAMETA_INT32};
  outputs->cache_seqlens = vector(out[0], requests);
  outputs->cu_seqlens_k = vector(out[1], requests + 1);
}

double draft_extend(const int32_t* const* in, int32_t* const* out, int64_t requests, int64_t rows, int calls) {
  nsameta_problem problem;
  nsameta_outputs outputs;
  start(&problem, &outputs, NSAMETA_DRAFT_EXTEND, requests, in[0], out);
  problem.extend_seq_lens = (nsameta_strided){in[1], 1, NSAMETA_INT32};
  outputs.seqlens_expanded = vector(out[2], rows);
  outputs.nsa_cache_seqlens = vector(out[3], rows);
  return seconds_a_call(&problem, &outputs, calls);
}

double decode_tables(const int32_t* const* in, int32_t* const* out, int64_t requests, int64_t width, int calls) {
  nsameta_problem problem;
  nsameta_outputs outputs;
  start(&problem, &outputs, NSAMETA_DECODE, requests, in[0], out);
  problem.req_pool_indices = (nsameta_strided){in[1], 1, NSAMETA_INT32};
  problem.req_to_token = (nsameta_token_table){in[2], requests, width, width};
  outputs.nsa_cache_seqlens = vector(out[2], requests);
  outputs.nsa_cu_seqlens_k = vector(out[3], requests + 1);
  outputs.page_table_1 = (nsameta_table){out[4], requests, width, width};
  outputs.real_page_table = (nsameta_table){out[5], requests, width / 64, width / 64};
  return seconds_a_call(&problem, &outputs, calls);
}
