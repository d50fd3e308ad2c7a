#include <doctest/doctest.h>

#include "call.h"

using namespace nsameta::test;

TEST_CASE("what is well formed but not computed yet has its own status") {
  constexpr nsameta_status no = NSAMETA_UNSUPPORTED;
  const auto with_tables = [](call& c) {
    c.problem.req_pool_indices = {c.seq_lens.data(), 1, NSAMETA_INT64};
    c.problem.req_to_token = {c.table.data(), 4, 16, 16};
  };
  check_rejected(NSAMETA_DECODE,
                 [&](call& c) {
                   with_tables(c);
                   c.outputs.page_table_1 = {c.table.data() + 1024, 4, 16, 16};
                 },
                 {"page_table_1"}, no);
  check_rejected(NSAMETA_DECODE,
                 [&](call& c) {
                   with_tables(c);
                   c.outputs.real_page_table = {c.table.data() + 1024, 4, 1, 1};
                 },
                 {"real_page_table"}, no);
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.kv_shard = {2, 1, 1}; }, {"kv_shard.size is 2"}, no);
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.q_shard = {8, 7}; }, {"q_shard.size is 8"}, no);
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.index_kpool = 4; }, {"index_kpool is 4"}, no);
}

TEST_CASE("bad input is told before what is unsupported") {
  check_rejected(NSAMETA_DECODE,
                 [](call& c) {
                   c.problem.index_kpool = 4;
                   c.problem.page_size = 48;
                 },
                 {"page_size is 48, not a power of two"});
}
