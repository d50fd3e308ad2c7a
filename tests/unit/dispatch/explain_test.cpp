#include "decision.h"
#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("the record says what was chosen and by which rule") {
  fake_world world;
  CHECK(world.decided() == "cpu/auto");
  CHECK(std::string(world.decision.rule) ==
        "the first of cuda, hip, cpu that reaches every buffer; one thread: at most 4 elements, fewer than 262144");
  CHECK(world.decision.row_bound == 4);
  CHECK(world.decision.rejection_count == 6);
  CHECK(world.rejection("cpu/tbb").code == NSAMETA_REJECTED_NOT_REQUESTED);
  expect_words(world.rejection("cpu/tbb").why, {"auto runs unless another is named"});
  CHECK(world[id_cpu].fills.empty());
}

TEST_CASE("a failed explanation still lists the rejections, and nothing of an older record") {
  fake_world world;
  CHECK(world.decided() == "cpu/auto");
  world.target = {NSAMETA_DEVICE_HIP, 0, nullptr, 0};
  CHECK(world.explain() == NSAMETA_BACKEND_UNAVAILABLE);
  CHECK(world.decision.backend[0] == '\0');
  CHECK(world.rejection("hip").code == NSAMETA_REJECTED_UNAVAILABLE);
  CHECK(world.rejection("cpu").code == NSAMETA_REJECTED_WRONG_TARGET);
  expect_words(world.rejection("cpu").why, {"the target is hip"});
}

TEST_CASE("without outputs, the inputs decide") {
  fake_world world;
  world.put_inputs(world.on_device(id_cuda));
  CHECK(world.dispatch.explain(&world.problem, nullptr, &world.target, &world.decision) == NSAMETA_OK);
  CHECK(std::string(world.decision.backend) == "cuda");
}

TEST_CASE("the record names the kernel where the backend's have names") {
  fake_world world;
  CHECK(world.decided() == "cpu/auto");
  CHECK(std::string(world.decision.kernel).empty());
  world.put_all_on(id_cuda);
  REQUIRE(world.explain() == NSAMETA_OK);
  CHECK(std::string(world.decision.kernel) == "of_one");
  expect_words(to_line(world.decision), {", kernel of_one, "});
}

TEST_CASE("explain checks its arguments as fill does") {
  fake_world world;
  world.problem.page_size = 0;
  expect_failure(world.explain(), NSAMETA_INVALID_ARGUMENT, {"page_size is 0, outside [1, 65536]"});
}

TEST_CASE("a record is one line") {
  fake_world world("cpu");
  world.put_all_on(id_cuda);
  REQUIRE(world.explain() == NSAMETA_OK);
  const std::string line = to_line(world.decision);
  expect_words(line,
               {"dispatch: cpu/auto device 0 staged: the override names it; one thread", "4 rows", "override cpu"});
  expect_words(line, {"not cuda: the override is cpu"});
  CHECK(line.find('\n') == std::string::npos);
}
