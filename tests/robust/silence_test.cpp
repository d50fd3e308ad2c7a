// The library writes nothing to standard output or error, whatever happens, as long as NSAMETA_LOG does not ask for it.
#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "nsameta/device.h"

namespace {

/// Standard output and error of the process, caught while it lives.
class caught_output {
 public:
  caught_output() : file_(memfd_create("output", MFD_CLOEXEC)), saved_{dup(1), dup(2)} {
    std::fflush(nullptr);
    dup2(file_, 1);
    dup2(file_, 2);
  }
  ~caught_output() {
    dup2(saved_[0], 1);
    dup2(saved_[1], 2);
    for (const int each : {saved_[0], saved_[1], file_}) close(each);
  }
  caught_output(const caught_output&) = delete;
  caught_output& operator=(const caught_output&) = delete;

  std::string text() const {
    std::fflush(nullptr);  // std::cout goes by way of stdout
    std::string read(static_cast<std::size_t>(lseek(file_, 0, SEEK_END)), '\0');
    const ssize_t got = pread(file_, read.data(), read.size(), 0);
    return read.substr(0, static_cast<std::size_t>(got));
  }

 private:
  int file_;
  std::array<int, 2> saved_;
};

/// Every public function, as it should be called and as it should not. Returns how many calls were refused.
int call_everything() {
  int refused = 0;
  const auto note = [&](nsameta_status status) { refused += status != NSAMETA_OK; };
  std::vector<std::int32_t> lengths{3, -4, 5}, out(3);
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.batch_size = 3;
  problem.seq_lens = {lengths.data(), 1, NSAMETA_INT32};
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  outputs.cache_seqlens = {out.data(), 3, NSAMETA_INT32};
  nsameta_outputs small = outputs;
  small.cache_seqlens.capacity = 1;
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;

  constexpr std::int32_t kinds[] = {NSAMETA_DEVICE_AUTO, NSAMETA_DEVICE_HOST, NSAMETA_DEVICE_CUDA,
                                    NSAMETA_DEVICE_HIP,  NSAMETA_DEVICE_SIMT, 77};
  for (const std::int32_t kind : kinds)
    for (const std::int32_t index : {0, 99}) {
      nsameta_target target{NSAMETA_DEVICE_AUTO, index, nullptr, 0};
      std::memcpy(&target.kind, &kind, sizeof target.kind);  // as C would: 77 is no kind
      note(nsameta_warmup(&target));
      note(nsameta_explain(&problem, &outputs, &target, &decision));
      note(nsameta_get_kernel_info(32, 4, &target, &decision));
      note(nsameta_fill(&problem, &small, &target));
      note(nsameta_fill_many(&problem, &outputs, -1, &target));
      if (kind != NSAMETA_DEVICE_CUDA && kind != NSAMETA_DEVICE_HIP)  // host memory is none of theirs
        note(nsameta_fill(&problem, &outputs, &target));
    }
  note(nsameta_fill(nullptr, nullptr, nullptr));
  note(nsameta_set_override("cuda"));
  for (const char* backend : {"reference", "cpu", "simt", "cuda", "hip", "none", "simt:9/none"}) {
    void* made = nullptr;
    nsameta_device_info info;
    note(nsameta_device(backend, 0, &info));
    if (nsameta_device_allocate(backend, 0, 64, &made) == NSAMETA_OK) note(nsameta_device_release(backend, 0, made));
    note(nsameta_capture_begin(backend, 0, nullptr));
    note(nsameta_device_copy(backend, 0, nullptr, nullptr, 64, nullptr));
  }
  return refused;
}

}  // namespace

TEST_CASE("nothing is written to standard output or error") {
  REQUIRE(std::getenv("NSAMETA_LOG") == nullptr);
  std::string written;
  int refused = 0;
  {
    const caught_output caught;
    refused = call_everything();
    written = caught.text();
  }
  CHECK(written == "");
  CHECK(refused > 30);
  MESSAGE(refused << " refused calls");
}

TEST_CASE("what is caught is what the process writes") {
  const caught_output caught;
  std::printf("se");
  std::fflush(stdout);
  std::fputs("e", stderr);
  std::cout << "n";
  const std::string text = caught.text();
  CHECK(text == "seen");
}
