/// What the host can say about a problem without reading a length.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta {

/// Rows the host can bound T by: bs * rows per request where they are uniform, else the smallest capacity among the row
/// outputs asked for, 0 if there are none. Saturates at 2^63 - 1.
std::int64_t row_bound(const nsameta_problem& problem, const nsameta_outputs& outputs) noexcept;

}  // namespace nsameta
