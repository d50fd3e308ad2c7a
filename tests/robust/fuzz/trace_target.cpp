/// Any text as a serving log, which `nsameta replay` reads: a sentence, or requests in order.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "fuzz.h"
#include "replay/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nsameta;
  std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
  try {
    double last = 0;
    for (const cli::request& request : cli::read_trace(input)) {
      test::require(std::isfinite(request.arrival_s) && request.arrival_s >= last, "an arrival out of order");
      test::require(request.input_tokens >= 0 && request.output_tokens >= 0, "a negative length");
      last = request.arrival_s;
    }
  } catch (const cli::trace_error& error) {
    test::require(*error.what() != 0, "an error without a sentence");
  }
  return 0;
}
