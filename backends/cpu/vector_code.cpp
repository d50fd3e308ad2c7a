#include <unistd.h>

#include <array>
#include <atomic>

#include "cpu/length_sums.h"
#include "cpu/row_kernel.h"
#include "cpu/tuning.h"

namespace nsameta::cpu {
namespace {

/// For any machine of the build's architecture.
row_progress write_rows_portable(const row_job& job) { return write_rows<4>(job); }
totals add_lengths_portable(const dense_lengths& lengths, std::int64_t begin, std::int64_t end) {
  return add_lengths<4>(lengths, begin, end);
}

#if defined(__x86_64__)
[[gnu::target("avx2,bmi,bmi2")]] row_progress write_rows_avx2(const row_job& job) { return write_rows<8>(job); }
[[gnu::target("avx2,bmi,bmi2")]] totals add_lengths_avx2(const dense_lengths& lengths, std::int64_t begin,
                                                         std::int64_t end) {
  return add_lengths<8>(lengths, begin, end);
}
#endif

constexpr std::array code = {
    vector_code{"portable", write_rows_portable, add_lengths_portable},
#if defined(__x86_64__)
    vector_code{"avx2", write_rows_avx2, add_lengths_avx2},
#endif
};

std::size_t count_usable() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) return 1;
#endif
  return code.size();
}

}  // namespace

std::int64_t streaming_bytes() {
  static constinit std::atomic<std::int64_t> bytes{0};  // no first call that a forked child could wait for
  std::int64_t known = bytes.load(std::memory_order_relaxed);
  if (known == 0) [[unlikely]] {
    const std::int64_t cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    bytes.store(known = cache > 0 ? cache : tuning::unknown_cache_bytes, std::memory_order_relaxed);
  }
  return known;
}

std::span<const vector_code> usable_vector_code() { return {code.data(), count_usable()}; }

}  // namespace nsameta::cpu
