/// What is known about a type of arrays, found out once.
#pragma once

#include <nanobind/nanobind.h>

#include "dlpack.h"
#include "errors.h"

namespace nsameta::python {

struct array_type {
  PyTypeObject* type;
  const exchange_table* exchange;  ///< null: has none
  enum class library { torch, cupy, other } from;
  bool masked;         ///< numpy's masked array, whose memory holds what is masked too
  bool knows_version;  ///< `__dlpack__` takes max_version, as far as is known
};

/// Remembers 64 types at most: a program may make classes as it runs.
array_type type_of(nb::handle array);

/// Remembers that the type's `__dlpack__` takes no max_version.
void forget_version(const array_type& type);

inline bool tells_no_stream(const array_type& type) {
  return type.exchange == nullptr && type.from == array_type::library::other;
}

/// The stream that new work of the library goes to, on a GPU; the default stream where it tells none.
void* current_stream(const array_type& type, device_place device);

}  // namespace nsameta::python
