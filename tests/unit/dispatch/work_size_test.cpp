#include <doctest/doctest.h>

#include <array>

#include "policy.h"
#include "work_size.h"

using namespace nsameta;

namespace {

struct sized_call {
  nsameta_problem problem;
  nsameta_outputs outputs;
  std::array<std::int32_t, 4> memory{};  // never read

  explicit sized_call(nsameta_mode mode) {
    nsameta_problem_init(&problem);
    problem.mode = mode;
    problem.batch_size = 10;
    problem.seq_lens.data = memory.data();
    nsameta_outputs_init(&outputs);
  }
  void ask_for_tables(std::int64_t rows, std::int64_t width) {
    problem.req_to_token = {memory.data(), 3, 32768, 32768};
    outputs.page_table_1 = {memory.data(), rows, width, width};
    outputs.real_page_table = {memory.data(), rows, width / 64, width / 64};
  }
  work_size work() const { return measure(problem, outputs).work; }
};

}  // namespace

TEST_CASE("row elements are rows times row outputs, one at least") {
  sized_call call(NSAMETA_TARGET_VERIFY);
  call.problem.uniform_extend_len = 4;
  CHECK(call.work().requests == 10);
  CHECK(call.work().row_elements == 40);
  call.outputs.cache_seqlens = {call.memory.data(), 10, NSAMETA_INT32};
  CHECK(call.work().row_elements == 40);
  call.outputs.seqlens_expanded = call.outputs.nsa_cu_seqlens_q = {call.memory.data(), 41, NSAMETA_INT32};
  CHECK(call.work().row_elements == 80);
  CHECK(call.work().table_elements == 0);
}

TEST_CASE("table elements are the live share of the narrower width, and all of it with a tail") {
  sized_call call(NSAMETA_DECODE);
  call.ask_for_tables(100, 65536);
  // 10 rows of 32,768 / 16 columns, and of 512 / 16 pages of 8 elements
  CHECK(call.work().table_elements == 10 * (2048 + 32 * 8));
  call.outputs.table_tail = NSAMETA_TAIL_ZERO;
  CHECK(call.work().table_elements == 10 * (65536 + 1024));
  call.outputs.table_tail = NSAMETA_TAIL_KEEP;
  call.ask_for_tables(7, 1024);
  CHECK(call.work().table_elements == 7 * (64 + 1 * 8));
  call.outputs.page_table_1.data = nullptr;
  CHECK(call.work().table_elements == 7 * 1 * 8);
  call.problem.page_size = 2;
  call.outputs.real_page_table.width = 512;
  CHECK(call.work().table_elements == 7 * 32 * 2);
}

TEST_CASE("table rows are those of the mode") {
  sized_call verify(NSAMETA_TARGET_VERIFY), extend(NSAMETA_EXTEND);
  verify.problem.uniform_extend_len = extend.problem.uniform_extend_len = 4;
  verify.ask_for_tables(100, 1024);
  extend.ask_for_tables(100, 1024);
  CHECK(verify.work().table_elements == 40 * (64 + 8));
  CHECK(extend.work().table_elements == 10 * (64 + 8));
}

TEST_CASE("large tables go to tasks, although the batch is small") {
  const policy_row* serial = find_policy(policy_table(), "cpu", "serial");
  const policy_row* tbb = find_policy(policy_table(), "cpu", "tbb");
  REQUIRE(serial != nullptr);
  REQUIRE(tbb != nullptr);
  sized_call call(NSAMETA_DECODE);
  call.problem.batch_size = 1;
  call.ask_for_tables(1, 1024);
  CHECK(expected_ns(*serial, call.work()) < expected_ns(*tbb, call.work()));
  call.problem.batch_size = 100'000;
  call.ask_for_tables(100'000, 32768);
  CHECK(expected_ns(*serial, call.work()) > expected_ns(*tbb, call.work()));
}

TEST_CASE("of several sets, the largest counts") {
  sized_call call(NSAMETA_DECODE);
  std::array<nsameta_outputs, 2> sets{call.outputs, call.outputs};
  sets[0].seqlens_expanded = sets[0].token_to_batch = {call.memory.data(), 10, NSAMETA_INT32};
  call.ask_for_tables(5, 1024);
  sets[1].page_table_1 = call.outputs.page_table_1;
  const call_size size = measure_sets(call.problem, sets.data(), 2);
  CHECK(size.work.row_elements == 20);
  CHECK(size.work.table_elements == 5 * 64);
}
