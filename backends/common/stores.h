/// Writing into output vectors: null pointers skip, sums saturate.
#pragma once

#include <cstdint>

#include "common/annotations.h"
#include "common/request.h"

namespace nsameta {

NSAMETA_HOST_DEVICE std::int32_t saturated_int32(std::int64_t sum) {
  return static_cast<std::int32_t>(sum < int32_max ? sum : int32_max);
}

/// One element of a cu_* array, which may be int64. The vector is present and holds `index`.
NSAMETA_HOST_DEVICE void store_sum(const nsameta_vector& vector, std::int64_t index, std::int64_t sum) {
  if (vector.dtype == NSAMETA_INT64)
    static_cast<std::int64_t*>(vector.data)[index] = sum;
  else
    static_cast<std::int32_t*>(vector.data)[index] = saturated_int32(sum);
}

NSAMETA_HOST_DEVICE void store_value(const nsameta_vector& vector, std::int64_t index, std::int64_t value) {
  static_cast<std::int32_t*>(vector.data)[index] = saturated_int32(value);
}

NSAMETA_HOST_DEVICE bool present(const nsameta_vector& vector) { return vector.data != nullptr; }

}  // namespace nsameta
