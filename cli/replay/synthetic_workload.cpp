#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "harness/random.h"
#include "replay/trace.h"

namespace nsameta::cli {
namespace {

/// Figures fitted to the Azure LLM inference traces of 2023: natural logarithms of tokens, requests per second.
struct workload {
  double input_mean, input_sigma, output_mean, output_sigma, rate;
};
constexpr workload code{7.00, 1.36, 2.79, 0.85, 2.6};
constexpr workload conversation{6.63, 0.99, 5.02, 0.86, 5.6};

constexpr double duration_s = 3600;
constexpr double window = 1 << 14;  // of the served model, in tokens

/// A standard normal number (Box-Muller).
double normal(harness::random_source& random) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - random.unit()));
  return radius * std::cos(2.0 * std::numbers::pi * random.unit());
}

std::int64_t tokens(harness::random_source& random, double mean, double sigma) {
  return static_cast<std::int64_t>(std::clamp(std::exp(mean + sigma * normal(random)), 1.0, window));
}

}  // namespace

std::vector<request> synthetic_workload(std::uint64_t seed) {
  harness::random_source random(seed);
  constexpr double rate = code.rate + conversation.rate;
  std::vector<request> requests;
  for (double now = 0; now < duration_s; now -= std::log(1.0 - random.unit()) / rate) {
    const workload& kind = random.unit() * rate < code.rate ? code : conversation;
    const std::int64_t input = tokens(random, kind.input_mean, kind.input_sigma);
    requests.push_back({now, input, tokens(random, kind.output_mean, kind.output_sigma)});
  }
  return requests;
}

}  // namespace nsameta::cli
