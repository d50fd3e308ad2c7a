#include "reference/fill.h"

#include "reference/vector_writer.h"

namespace nsameta::reference {

void fill(const nsameta_problem& problem, const nsameta_outputs& outputs) {
  std::int32_t status = 0;
  const batch requests = read_batch(problem, outputs.length_offset, status);
  write_request_vectors(problem, outputs, requests, status);
  write_row_vectors(problem, outputs, requests, status);
  if (outputs.vector_tail == NSAMETA_TAIL_ZERO) write_vector_tails(outputs, requests, status);
  write_page_tables(problem, outputs, requests, status);
  vector_writer(outputs.total_rows, status).put(0, requests.rows);
  vector_writer(outputs.status, status).put(0, status);  // last: every bit is in
}

}  // namespace nsameta::reference
