/// A fill with buffers of its own.
#pragma once

#include <string>

#include "harness/generator.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"

namespace nsameta::test {

/// A few requests of any mode, with page tables.
harness::case_recipe small_recipe(int number);
/// So many rows that cpu/tbb is worth it and has several tasks.
harness::case_recipe large_recipe(int number);

/// The host.
inline constexpr nsameta_target on_host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};

class filling {
 public:
  /// On the host, makes no call of the library.
  explicit filling(const harness::case_recipe& recipe, const harness::device_place& place = {});

  const nsameta_problem& problem() const { return inputs_.view(); }
  const nsameta_outputs& outputs() const { return outputs_.view(); }
  void reset() { outputs_.reset(); }

  /// "" when all outputs hold what the reference gives and nothing else was written. Waits for the default stream
  /// alone.
  std::string wrong();
  /// nsameta_fill, and then the same.
  std::string wrong_after_fill(const nsameta_target& target = on_host);
  /// nsameta_fill_on, and then the same.
  std::string wrong_after_fill_on(const char* backend, const nsameta_target& target = on_host);

 private:
  harness::generated_case case_;
  harness::input_buffers inputs_;
  harness::output_buffers outputs_;
};

/// The sentence of a call that did not succeed; "" of one that did.
std::string complaint(const char* call, nsameta_status status);
/// "" when `status` is `expected` and the calling thread's last error holds `words`.
std::string unless_refused(const char* call, nsameta_status status, nsameta_status expected, const char* words);

}  // namespace nsameta::test
