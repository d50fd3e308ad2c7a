/// A whole call on host memory that would succeed, to be spoilt in one place.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>

#include "fields.h"
#include "nsameta/nsameta.h"

namespace nsameta::test {

inline constexpr std::int64_t requests = 4;

struct call {
  explicit call(nsameta_mode mode);

  nsameta_problem problem;
  nsameta_outputs outputs;
  nsameta_target target{NSAMETA_DEVICE_HOST, 0, nullptr, 0};

  // Elements are kept as int64 so that any field can be asked for in either type.
  std::array<std::int64_t, requests> seq_lens, extend_seq_lens;
  std::array<std::array<std::int64_t, 64>, vector_fields.size()> vectors;
  std::array<std::int32_t, 4096> table;
  std::array<std::int32_t, 4 * requests> blocks{};
  std::array<std::int64_t, requests> slots{};

  nsameta_status fill() { return nsameta_fill(&problem, &outputs, &target); }
  /// True while every output buffer holds what the constructor put there.
  bool untouched() const;
};

/// Spoils a call, fills, and checks the status, that the sentence has every word, and that nothing was written.
void check_rejected(nsameta_mode mode, const std::function<void(call&)>& spoil,
                    std::initializer_list<std::string> words, nsameta_status status = NSAMETA_INVALID_ARGUMENT);

/// Changes a call and checks that it is still accepted.
void check_accepted(nsameta_mode mode, const std::function<void(call&)>& change);

}  // namespace nsameta::test
