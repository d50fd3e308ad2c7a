#include "in_child.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "common/sanitizer.h"
#include "host_memory.h"
#include "totals.h"

namespace nsameta::test {
namespace {

/// Beyond so many, most of them of simt's lanes, which are all alike, sanitized runs take every seventh.
constexpr int many = 200, sampled = NSAMETA_ADDRESS_SANITIZER ? 7 : 1;

/// What a child tells, in memory that it shares with its parent.
struct report {
  bool failed;  ///< an allocation did
  int allocations;
  nsameta_status status;  ///< of the call
  nsameta_status next;    ///< of one more
  std::int64_t left;      ///< blocks more than before it, after one more call
  char sentence[1024], wrong[1024];
  char backends[4096];  ///< what is known of them in the end
};

void run(const first_call& what, int number, report* told) {
  setenv("NSAMETA_BACKEND", what.override_text, 1);
  what.prepare();
  fill_case failing(what.tested, 1, harness::place_of("cpu")), next(what.tested, 1, harness::place_of("cpu"));
  const std::int64_t before = host_memory::live();
  host_memory::arm(number);
  told->status = what.call(failing);
  host_memory::disarm();
  told->failed = host_memory::failed();
  told->allocations = host_memory::allocations();
  std::snprintf(told->sentence, sizeof told->sentence, "%s", nsameta_last_error());
  told->next = what.call(next);
  told->left = host_memory::live() - before;
  const std::string wrong = failing.wrong(told->status) + next.wrong(told->next);
  std::snprintf(told->wrong, sizeof told->wrong, "%s", wrong.c_str());
  std::string known;
  for (const nsameta_backend_info& one : harness::list_backends())
    known += std::string(one.name) + " " + std::to_string(one.state) + " " + one.reason + "\n";
  std::snprintf(told->backends, sizeof told->backends, "%s", known.c_str());
}

/// Runs a child to its end; false if it had none of its own.
bool in_child(const first_call& what, int number, report* told) {
  *told = {};
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr unsigned long_enough = 60;  // seconds
    alarm(long_enough);
    run(what, number, told);
    _exit(0);
  }
  int ended = -1;
  waitpid(child, &ended, 0);
  return WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
}

}  // namespace

void inject_allocations(const first_call& what) {
  void* const shared = mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(shared != MAP_FAILED);
  auto* const told = static_cast<report*>(shared);
  CAPTURE(what.name);
  REQUIRE(in_child(what, 0, told));
  const report clean = *told;
  CAPTURE(clean.sentence);
  CHECK(std::string(clean.wrong) == "");
  CHECK(clean.allocations > 0);
  CHECK(clean.next == clean.status);
  const int step = clean.allocations > many ? sampled : 1;
  int struck = 0;
  for (int number = 1; number <= clean.allocations; number += step) {
    CAPTURE(number);
    REQUIRE(in_child(what, number, told));
    CAPTURE(told->sentence);
    CHECK(std::string(told->wrong) == "");
    if (told->failed && told->status != clean.status) {
      CHECK(told->status == NSAMETA_OUT_OF_MEMORY);
      if (!what.throws) CHECK(std::string(told->sentence).find("memory") != std::string::npos);
    }
    CHECK(told->next == clean.next);
    CHECK(told->left == clean.left);
    CHECK(std::string(told->backends) == clean.backends);
    add_to_totals(what.name, told->failed ? 1 : 0);
    struck += told->failed ? 1 : 0;
  }
  CHECK(struck > 0);
  munmap(shared, sizeof(report));
}

}  // namespace nsameta::test
