// An access beside an array between protected pages, or a write to an input, ends the process and names the array.
#include <doctest/doctest.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "harness/fault_note.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"

namespace nsameta::test {
namespace {

using namespace harness;

struct ending {
  int signal;  ///< 0: it ended by itself, with the code
  int code;
  std::string said;
};

/// Runs `body` in a child of its own, in which nobody but the harness handles signals.
ending end_of(const std::function<void()>& body) {
  std::array<int, 2> pipe_ends;
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(pipe_ends[1], STDERR_FILENO);
    signal(SIGSEGV, SIG_DFL);
    body();
    _exit(0);
  }
  close(pipe_ends[1]);
  ending how{0, 0, ""};
  std::array<char, 256> part;
  for (ssize_t bytes; (bytes = read(pipe_ends[0], part.data(), part.size())) > 0;)
    how.said.append(part.data(), static_cast<std::size_t>(bytes));
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  WIFSIGNALED(status) ? how.signal = WTERMSIG(status) : how.code = WEXITSTATUS(status);
  return how;
}

output_layout two_outputs() {
  output_layout layout;
  layout.vectors[0] = {true, 5, NSAMETA_INT32, 0};     // cache_seqlens
  layout.vectors[1] = {true, 3000, NSAMETA_INT64, 0};  // cu_seqlens_k: several pages
  layout.tables[0] = {true, 2, 7, 9, 0};
  return layout;
}

/// One store, or one load, at `element` of an output or input; none of AddressSanitizer's business.
template <class Element>
[[gnu::no_sanitize_address]] void store(const void* array, std::int64_t element) {
  static_cast<volatile Element*>(const_cast<void*>(array))[element] = 1;
}
template <class Element>
[[gnu::no_sanitize_address]] void load(const void* array, std::int64_t element) {
  static_cast<void>(static_cast<const volatile Element*>(array)[element]);
}

#if defined(__x86_64__)
const std::string wrote = "wrote ", read_ = "read ";
#else
const std::string wrote = "touched ", read_ = "touched ";
#endif

template <class Access>
void check_output_fault(guard kind, Access access, const std::string& expected) {
  const ending how = end_of([&] {
    output_buffers outputs(device_place{}, two_outputs(), kind);
    note_for_faults("the case at hand");
    access(outputs.view());
  });
  CHECK(how.signal == SIGSEGV);
  CHECK(how.said == "fault: " + expected + "\nthe case at hand\n");
}

problem_data two_requests() {
  problem_data problem;
  problem.seq_lens = strided_values(std::array<std::int64_t, 2>{7, 8}, NSAMETA_INT64, 3);
  problem.req_pool_indices = strided_values(std::array<std::int64_t, 2>{1, 0});
  problem.req_to_token = {{-1, 1, 2, 3, 4, -1}, 1, 2, 2, 2};
  return problem;
}

template <class Access>
void check_input_fault(guard kind, Access access, const std::string& expected) {
  const ending how = end_of([&] {
    input_buffers inputs(device_place{}, kind);
    inputs.upload(two_requests());
    access(inputs.view());
  });
  CHECK(how.signal == SIGSEGV);
  CHECK(how.said.find("fault: " + expected + "\n") == 0);
}

using out = const nsameta_outputs&;
using in = const nsameta_problem&;

}  // namespace

TEST_CASE("an access one element past an output ends the process") {
  const guard kind = guard::page_behind;
  check_output_fault(
      kind, [](out o) { store<std::int32_t>(o.cache_seqlens.data, 5); },
      wrote + "0 bytes past the end of cache_seqlens");
  check_output_fault(
      kind, [](out o) { store<std::int64_t>(o.cu_seqlens_k.data, 3000); },
      wrote + "0 bytes past the end of cu_seqlens_k");
  check_output_fault(
      kind, [](out o) { store<std::int32_t>(o.page_table_1.data, 9 + 7); },
      wrote + "0 bytes past the end of page_table_1");
  check_output_fault(
      kind, [](out o) { load<std::int32_t>(o.page_table_1.data, 9 + 7 + 2); },
      read_ + "8 bytes past the end of page_table_1");
}

TEST_CASE("an access one element before an output ends the process") {
  const guard kind = guard::page_before;
  check_output_fault(
      kind, [](out o) { store<std::int32_t>(o.cache_seqlens.data, -1); },
      wrote + "4 bytes before the start of cache_seqlens");
  check_output_fault(
      kind, [](out o) { load<std::int64_t>(o.cu_seqlens_k.data, -1); },
      read_ + "8 bytes before the start of cu_seqlens_k");
}

TEST_CASE("an access beside an input, or a write to one, ends the process") {
  check_input_fault(
      guard::page_behind, [](in p) { load<std::int64_t>(p.seq_lens.data, 4); },
      read_ + "0 bytes past the end of seq_lens");
  check_input_fault(
      guard::page_behind, [](in p) { load<std::int32_t>(p.req_to_token.data, 4); },
      read_ + "0 bytes past the end of req_to_token");
  check_input_fault(
      guard::page_before, [](in p) { load<std::int32_t>(p.req_pool_indices.data, -1); },
      read_ + "4 bytes before the start of req_pool_indices");
  check_input_fault(
      guard::page_before, [](in p) { store<std::int32_t>(p.req_to_token.data, 1); },
      wrote + "4 bytes behind the start of, protected, req_to_token");
  check_input_fault(
      guard::page_behind, [](in p) { store<std::int64_t>(p.seq_lens.data, 0); },
      wrote + "0 bytes behind the start of, protected, seq_lens");
}

TEST_CASE("accesses to the arrays themselves, and to inputs after an upload, go through") {
  for (const guard kind : {guard::page_behind, guard::page_before}) {
    const ending how = end_of([kind] {
      output_buffers outputs(device_place{}, two_outputs(), kind);
      const nsameta_outputs& o = outputs.view();
      for (const std::int64_t element : {0, 4}) store<std::int32_t>(o.cache_seqlens.data, element);
      for (const std::int64_t element : {0, 2999}) store<std::int64_t>(o.cu_seqlens_k.data, element);
      for (const std::int64_t element : {0, 9 + 6}) store<std::int32_t>(o.page_table_1.data, element);
      if (outputs.damaged_guard()) _exit(1);
      input_buffers inputs(device_place{}, kind);
      const void* before = nullptr;
      for (int round = 0; round < 2; ++round) {
        inputs.upload(two_requests());
        if (round > 0 && inputs.view().req_to_token.data != before) _exit(2);
        before = inputs.view().req_to_token.data;
        for (const std::int64_t element : {0, 3}) load<std::int32_t>(before, element);
        if (inputs.changed()) _exit(3);
      }
    });
    CHECK(how.signal == 0);
    CHECK(how.code == 0);
    CHECK(how.said == "");
  }
}

TEST_CASE("a fault elsewhere is not explained") {
  const void* const volatile nowhere = nullptr;  // volatile: the compiler must not know
  for (const bool sent : {false, true}) {
    const ending how = end_of([&] {
      output_buffers outputs(device_place{}, two_outputs(), guard::page_behind);
      sent ? static_cast<void>(raise(SIGSEGV)) : store<std::int32_t>(nowhere, 4);
    });
    CHECK(how.signal == SIGSEGV);
    CHECK(how.said == "");
  }
}

TEST_CASE("a write beside an array that no page protects damages the pattern") {
  output_buffers before(device_place{}, two_outputs(), guard::page_before);
  store<std::int32_t>(before.view().cache_seqlens.data, 5);
  CHECK(before.damaged_guard() == "wrote 0 bytes past the end of cache_seqlens");
  output_buffers behind(device_place{}, two_outputs(), guard::page_behind);
  store<std::int32_t>(behind.view().cache_seqlens.data, -1);
  CHECK(behind.damaged_guard() == "wrote 4 bytes before the start of cache_seqlens");
  input_buffers inputs(device_place{});
  inputs.upload(two_requests());
  store<std::int32_t>(inputs.view().req_pool_indices.data, 2);
  CHECK(inputs.changed() == "req_pool_indices, or rather beside it");
}

}  // namespace nsameta::test
