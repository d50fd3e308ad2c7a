/// An array as the library takes it, out of what its own library says of it. Of a description nothing is believed but
/// that its pointers point to as many values as it has dimensions. No Python here: a fuzzer calls it.
#pragma once

#include <array>
#include <cstdint>

#include <nsameta/nsameta.h>

#include "dlpack.h"
#include "fields.h"
#include "refusals.h"

namespace nsameta::python {

enum class access { read, write };

/// An array of at most two dimensions, none of whose strides is negative.
struct array_view {
  void* data;  ///< never null, so that an empty array is not an absent one
  int dimensions;
  std::array<std::int64_t, 2> shape;
  std::array<std::int64_t, 2> stride;  ///< elements; 1 where there are not two elements to be apart
  nsameta_dtype dtype;
};

/// What the buffer protocol tells.
struct buffer_description {
  void* data;
  std::int64_t bytes, bytes_each;
  const char* format;  ///< of the struct module; null: bytes
  int dimensions;
  const std::int64_t* shape;        ///< null: one dimension
  const std::int64_t* strides;      ///< bytes; null: without gaps, as ctypes leaves them
  const std::int64_t* indirection;  ///< null, or negative where a dimension is not one of pointers
};

/// Throw a wrong_type or invalid_argument that begins with `name`.
array_view view_of(const char* name, const buffer_description& buffer, elements wanted);
array_view view_of(const char* name, const tensor& shown, elements wanted);
array_view view_of(const char* name, const versioned_tensor& shown, access how, elements wanted);

/// For an output that may not be written.
library_error read_only(const char* name);

/// "neither int32 nor int64"
const char* other_than(elements wanted);

}  // namespace nsameta::python
