#include "cpu/vector_code.h"

#include <array>

#include "cpu/vector_kernel.h"

namespace nsameta::cpu {
namespace {

/// For any machine of the build's architecture.
totals run_portable(const vector_job& job) { return run<4>(job); }
#if defined(__x86_64__)
[[gnu::target("avx2,bmi,bmi2")]] totals run_avx2(const vector_job& job) { return run<8>(job); }
#endif

constexpr std::array code = {
    vector_code{"portable", run_portable},
#if defined(__x86_64__)
    vector_code{"avx2", run_avx2},
#endif
};

}  // namespace

std::span<const vector_code> usable_vector_code() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) return {code.data(), 1};
#endif
  return code;
}

}  // namespace nsameta::cpu
