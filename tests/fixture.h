/// A fill with buffers of its own, held against the reference: what most tests do.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "harness/generator.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"

namespace nsameta::test {

inline constexpr nsameta_target on_host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
inline constexpr nsameta_target anywhere{NSAMETA_DEVICE_AUTO, 0, nullptr, 0};  ///< wherever the buffers are

/// A problem and sets of outputs in memory of one device. On the host, makes no call of the library by itself.
class filling {
 public:
  using guard = harness::guard;

  explicit filling(const harness::generated_case& tested, const harness::device_place& place = {},
                   guard kind = guard::canaries);
  explicit filling(const harness::case_recipe& recipe, const harness::device_place& place = {},
                   guard kind = guard::canaries)
      : filling(harness::build_case(recipe), place, kind) {}
  /// A set for every layout. Page guards change sides from set to set.
  filling(const harness::problem_data& problem, const std::vector<harness::output_layout>& layouts,
          const harness::device_place& place = {}, guard kind = guard::canaries);

  const harness::problem_data& data() const { return problem_; }
  const nsameta_problem& problem() const { return inputs_.view(); }
  const nsameta_outputs& outputs() const { return views_.front(); }
  const std::vector<nsameta_outputs>& sets() const { return views_; }

  /// Replaces the problem. Inputs of the same sizes stay where they are.
  void upload(const harness::problem_data& problem);
  /// Brings back the pattern that outputs hold where nobody wrote.
  void reset();

  /// A set in host memory. Waits for the default stream. Valid until the next call.
  const nsameta_outputs& read_back(std::size_t set = 0) { return buffers_[set].read_back(); }
  /// One number for all that the sets hold.
  std::uint64_t digest();
  /// After read_back(): a guard of outputs that was written to; "" when all stand.
  std::string damaged_guard() const;
  /// The same, or an input that was written. Waits for the default stream.
  std::string damage() const;

  /// What of any set, live or not, differs from the reference's answer, or is damaged; "" when all is well. Waits for
  /// the default stream alone.
  std::string wrong();
  /// nsameta_fill of the first set, and then the same.
  std::string wrong_after_fill(const nsameta_target& target = on_host);
  /// nsameta_fill_on, and then the same.
  std::string wrong_after_fill_on(const char* backend, const nsameta_target& target = on_host);

 private:
  harness::case_recipe recipe_;
  harness::problem_data problem_;
  std::vector<harness::output_layout> layouts_;
  guard kind_;
  harness::input_buffers inputs_;
  std::deque<harness::output_buffers> buffers_;
  std::vector<nsameta_outputs> views_;
};

/// The reference's answer, into buffers that are laid out as what it is held against.
nsameta_status fill_by_reference(const harness::problem_data& problem, harness::output_buffers& answer,
                                 harness::guard kind = harness::guard::canaries);

/// The backends and variants of tests/variants.cmake, such as "simt:1/block256".
std::vector<std::string> all_variants();

/// What reproduces a case: its recipe, and the problem as JSON when it is short.
std::string reproduce(const harness::problem_data& problem, const harness::case_recipe& recipe = {});
/// Has an access beside an array name the case and who fills it.
void note_case(const std::string& who, const harness::problem_data& problem, const harness::case_recipe& recipe = {});

/// The sentence of a call that did not succeed; "" of one that did.
std::string complaint(const char* call, nsameta_status status);
/// "" when `status` is `expected` and the calling thread's last error holds `words`.
std::string unless_refused(const char* call, nsameta_status status, nsameta_status expected, const char* words);

}  // namespace nsameta::test
