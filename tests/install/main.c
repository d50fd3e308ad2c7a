/* From plain C11. */
#include <stdio.h>

#include <nsameta/device.h>
#include <nsameta/nsameta.h>

int main(void) {
  const int32_t seq_lens[] = {20, 1, 9}, accepted[] = {3, 6, 0};
  int32_t expanded[16], rows = 0;

  nsameta_problem step;
  nsameta_problem_init(&step);
  step.mode = NSAMETA_DRAFT_EXTEND;
  step.batch_size = 3;
  step.seq_lens = (nsameta_strided){seq_lens, 1, NSAMETA_INT32};
  step.extend_seq_lens = (nsameta_strided){accepted, 1, NSAMETA_INT32};
  step.index_topk = 2048;

  nsameta_outputs out;
  nsameta_outputs_init(&out);
  out.seqlens_expanded = (nsameta_vector){expanded, 16, NSAMETA_INT32};
  out.total_rows = (nsameta_vector){&rows, 1, NSAMETA_INT32};

  const nsameta_target host = {.kind = NSAMETA_DEVICE_HOST};
  if (nsameta_fill(&step, &out, &host) != NSAMETA_OK) {
    fprintf(stderr, "%s\n", nsameta_last_error());
    return 1;
  }
  printf("rows:");
  for (int32_t i = 0; i < rows; ++i) printf(" %d", (int)expanded[i]);
  printf("\n");
  return 0;
}
