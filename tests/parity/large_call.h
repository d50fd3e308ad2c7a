/// A fill on the tested backend over arrays that the test owns.
#pragma once

#include "large_array.h"

namespace nsameta::test {

using ints = std::vector<std::int32_t>;
using longs = std::vector<std::int64_t>;

struct call {
  explicit call(nsameta_mode mode);

  /// Fills and waits; the status word.
  std::int32_t fill();

  nsameta_problem problem;
  nsameta_outputs outputs;

 private:
  large_array<std::int32_t> status_{0};
};

inline nsameta_strided input(const large_array<std::int32_t>& from, std::int64_t stride = 1) {
  return {from.data(), stride, NSAMETA_INT32};
}
inline nsameta_strided input(const large_array<std::int64_t>& from, std::int64_t stride = 1) {
  return {from.data(), stride, NSAMETA_INT64};
}
inline nsameta_vector output(const large_array<std::int32_t>& to) { return {to.data(), to.size(), NSAMETA_INT32}; }
inline nsameta_vector output(const large_array<std::int64_t>& to) { return {to.data(), to.size(), NSAMETA_INT64}; }

/// Lanes of an emulated GPU take a thousand times as long: its sizes are a fifth where time goes with the size.
std::int64_t reduced_on_simt(std::int64_t size);

}  // namespace nsameta::test
