/// Two answers, bit for bit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/live_shape.h"

namespace nsameta::harness {

struct difference {
  std::string field;
  std::int64_t index;  ///< element of a vector; row * row_stride + column of a table
  std::int64_t got;
  std::int64_t expected;
};

/// "cu_seqlens_k[3]: 17, expected 18"
std::string to_string(const difference& d);

/// The first difference between two sets of outputs in host memory, over their whole capacity: what stands beyond the
/// live elements counts too. Both must have the same outputs and sizes, else std::invalid_argument.
std::optional<difference> compare(const nsameta_outputs& got, const nsameta_outputs& expected);

/// The first difference among the live elements alone.
std::optional<difference> compare_live(const nsameta_outputs& got, const nsameta_outputs& expected,
                                       const live_shape& shape);

}  // namespace nsameta::harness
