/// One call, one decision, whatever the number of sets.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "expect.h"
#include "nsameta/nsameta.h"

namespace {

std::vector<std::string> logged;

}  // namespace

TEST_CASE("the decision of a fan-out is logged once and is what explain says") {
  std::array<std::int32_t, 2> lengths{5, 6};
  std::array<std::array<std::int32_t, 2>, 9> filled{};
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.batch_size = 2;
  problem.seq_lens = {lengths.data(), 1, NSAMETA_INT32};
  std::array<nsameta_outputs, 9> sets;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    nsameta_outputs_init(&sets[i]);
    sets[i].cache_seqlens = {filled[i].data(), 2, NSAMETA_INT32};
    sets[i].length_offset = static_cast<std::int64_t>(i);
  }
  const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};

  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  CHECK(nsameta_explain(&problem, sets.data(), &host, &decision) == NSAMETA_OK);
  nsameta_set_log_callback([](const char* line, void*) { logged.emplace_back(line); }, nullptr);
  CHECK(nsameta_fill_many(&problem, sets.data(), 9, &host) == NSAMETA_OK);
  nsameta_set_log_callback(nullptr, nullptr);

  CHECK(filled[8] == std::array<std::int32_t, 2>{13, 14});
  CHECK(std::string(decision.backend) == "cpu");
  REQUIRE(logged.size() == 1);  // NSAMETA_LOG=dispatch, which CTest sets
  nsameta::test::expect_words(logged[0], {"dispatch: cpu/auto device 0", "2 rows"});
}
