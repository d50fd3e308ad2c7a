/// nsameta_bench_instructions WORK FILLS: fills one batch so often on the host, and does nothing else.
/// bench/instructions runs it under callgrind with two numbers of fills, whose difference is what a fill executes.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cases.h"
#include "harness/input_buffers.h"
#include "harness/library_error.h"
#include "harness/output_buffers.h"

namespace {

using namespace nsameta;

harness::generated_case named_case(std::string_view work) {
  if (work == "decode/bs:1") return bench::decode_case(1);
  if (work == "draft_extend/bs:32") return bench::ragged_case(32, 1, 4);
  if (work == "target_verify/bs:32") return bench::verify_case(32, 4);
  if (work == "draft_extend/bs:1024") return bench::ragged_case(1024, 1, 4);
  if (work == "long_rows/rows:10000") return bench::long_rows_case(100);
  throw std::invalid_argument("no work is called " + std::string(work));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: nsameta_bench_instructions WORK FILLS\n";
    return 2;
  }
  try {
    harness::generated_case measured = named_case(argv[1]);
    bench::ask_for(measured, bench::two_fields(), false, false);
    harness::input_buffers inputs(harness::device_place{});
    inputs.upload(measured.problem);
    const harness::output_buffers outputs(harness::device_place{}, measured.layout);
    harness::check(nsameta_set_override("cpu/serial"));  // on one thread every run executes the same
    const nsameta_target target{NSAMETA_DEVICE_HOST, 0, nullptr};
    for (long left = std::strtol(argv[2], nullptr, 10); left > 0; --left)
      harness::check(nsameta_fill(&inputs.view(), &outputs.view(), &target));
  } catch (const std::exception& error) {
    std::cerr << "nsameta_bench_instructions: " << error.what() << '\n';
    return 1;
  }
}
