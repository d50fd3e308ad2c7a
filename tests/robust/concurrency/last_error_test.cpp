// The last error's text is the calling thread's own.
#include <doctest/doctest.h>

#include <string>

#include "fixture.h"
#include "on_threads.h"

using namespace nsameta::test;

namespace {

/// A call that fails with a sentence that only `number` gives.
std::string fail_with(std::int64_t number) {
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.batch_size = -number;
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  const std::string expected = "batch_size is " + std::to_string(-number);
  return unless_refused("fill", nsameta_fill(&problem, &outputs, &on_host), NSAMETA_INVALID_ARGUMENT, expected.c_str());
}

}  // namespace

TEST_SUITE_BEGIN("last error");

TEST_CASE("each of 64 threads reads its own last error") {
  constexpr int threads = 64, times = 500;
  CHECK(complaints_of_threads(threads, [](int thread) {
          std::string said = *nsameta_last_error() == '\0' ? "" : "a new thread has an error already";
          for (int time = 1; time <= times && said.empty(); ++time) {
            const std::int64_t number = 1 + thread * times + time;
            said = fail_with(number);
            // A call that succeeds, and other threads' failures, leave the text as it is.
            const std::string before = nsameta_last_error();
            nsameta_problem problem;
            nsameta_problem_init(&problem);
            nsameta_outputs outputs;
            nsameta_outputs_init(&outputs);
            said += complaint("an empty fill", nsameta_fill(&problem, &outputs, &on_host));
            if (nsameta_last_error() != before) said += before + " became " + nsameta_last_error();
          }
          return said;
        }) == "");
}

TEST_CASE("a thread that takes the place of an ended one has no error") {
  for (int time = 1; time <= 200; ++time) {
    std::string first_text, said;
    std::jthread([&] {
      first_text = nsameta_last_error();
      said = fail_with(time);
    }).join();
    CHECK(first_text + said == "");
  }
  CHECK(*nsameta_last_error() == '\0');  // this thread's
}

namespace {

struct late_caller {
  std::string* said;
  ~late_caller() { *said = fail_with(77); }
};

}  // namespace

TEST_CASE("the text can be had until the thread's very end") {
  std::string said = "nothing";
  std::jthread([&] { thread_local const late_caller late{&said}; }).join();
  CHECK(said == "");
}

TEST_SUITE_END();
