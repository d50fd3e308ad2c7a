/// What the host can say about a problem without reading a length.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta {

/// The output vectors with an element for each row.
struct row_outputs {
  std::int64_t count;     ///< how many are asked for
  std::int64_t capacity;  ///< rows that the smallest of them holds; 2^63 - 1 if there are none
};

row_outputs row_outputs_of(const nsameta_outputs& outputs) noexcept;

/// Rows the host can bound T by: bs * rows per request where they are uniform, else the smallest capacity among the row
/// outputs asked for, 0 if there are none. Saturates at 2^63 - 1.
std::int64_t row_bound(const nsameta_problem& problem, const row_outputs& rows) noexcept;
inline std::int64_t row_bound(const nsameta_problem& problem, const nsameta_outputs& outputs) noexcept {
  return row_bound(problem, row_outputs_of(outputs));
}

}  // namespace nsameta
