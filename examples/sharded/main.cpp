// mpirun -n 4 nsameta_sharded: every rank fills its part of one batch, first of the KV cache, then of the queries. All
// ranks gather all parts, and each checks that they are the whole.
#include <iostream>

#include "check.h"
#include "place.h"
#include "ranks.h"

namespace {

using namespace sharded;

/// The rows that `step` gives this rank: the visible positions of each.
ints fill(nsameta::problem step, const batch& of, const place& on) {
  const auto span = [](const nsameta::device_memory& memory, std::size_t elements) {
    return std::span(static_cast<std::int32_t*>(memory.get()), elements);
  };
  const nsameta::device_memory lengths = on.upload(of.seq_lens), queries = on.upload(of.extend_seq_lens);
  const nsameta::device_memory expanded = on.upload(ints(of.rows)), total = on.upload(ints(2));
  step.with_seq_lens(span(lengths, of.seq_lens.size())).with_extend_seq_lens(span(queries, of.seq_lens.size()));
  nsameta::outputs out;
  out.with(&nsameta_outputs::seqlens_expanded, span(expanded, of.rows))
      .with(&nsameta_outputs::total_rows, span(total, 1))
      .with(&nsameta_outputs::status, span(total, 2).last(1));
  nsameta::fill(step, out, on.target()).or_throw();

  ints rows_and_status(2);
  on.download(rows_and_status, total);
  if (rows_and_status[1] != 0) throw std::runtime_error("status is " + std::to_string(rows_and_status[1]));
  ints rows(rows_and_status[0]);
  on.download(rows, expanded);
  return rows;
}

void run(const ranks& all) {
  const place here(all.place_on_host(), all.on_host());
  const batch whole = make_batch();
  const ints visible = visible_positions(whole);

  nsameta::problem kv(NSAMETA_EXTEND);
  kv.with_kv_shard(all.size(), all.rank(), interleave);
  check_kv_shards(all.gather(fill(kv, whole, here)), visible);

  nsameta::problem queries(NSAMETA_EXTEND);
  queries.with_q_shard(all.size(), all.rank());
  const std::vector<ints> parts = all.gather(fill(queries, whole, here));
  check_q_shards(parts, visible);

  std::cout << "rank " + std::to_string(all.rank()) + " on " + here.name() + ": " +
                   std::to_string(parts[all.rank()].size()) + " of " + std::to_string(whole.rows) +
                   " rows; the ranks' parts are the whole\n"
            << std::flush;
}

}  // namespace

int main(int count, char** arguments) {
  const ranks all(&count, &arguments);
  try {
    run(all);
  } catch (const std::exception& error) {
    std::cerr << "rank " << all.rank() << ": " << error.what() << std::endl;
    all.abort();
  }
}
