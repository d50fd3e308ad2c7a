/// A serving log: which requests arrive, when, and how long they are.
#pragma once

#include <cstdint>
#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

namespace nsameta::cli {

struct request {
  double arrival_s;  ///< since the first request
  std::int64_t input_tokens;
  std::int64_t output_tokens;
};

/// A log that cannot be read. One line that names the line, the column and the value.
class trace_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads CSV with a header, of either style: TIMESTAMP,ContextTokens,GeneratedTokens (date and time) or
/// timestamp_ms,input_tokens,output_tokens; columns in any order, more columns allowed. Requests come out in order of
/// arrival. Throws trace_error, also when there is none.
std::vector<request> read_trace(std::istream& input);

/// One hour of the two production workloads of the Azure LLM inference traces (2023), code completion and conversation,
/// mixed: log-normal lengths with fitted figures, Poisson arrivals.
std::vector<request> synthetic_workload(std::uint64_t seed);

}  // namespace nsameta::cli
