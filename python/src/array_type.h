/// What is known about a type of arrays, found out once.
#pragma once

#include <nanobind/nanobind.h>

#include "dlpack.h"
#include "errors.h"

namespace nsameta::python {

struct array_type {
  PyTypeObject* type;              ///< held for good: types are few
  const exchange_table* exchange;  ///< null: has none
  enum class library { torch, cupy, other } from;
};

const array_type& type_of(nb::handle array);

inline bool tells_no_stream(const array_type& type) {
  return type.exchange == nullptr && type.from == array_type::library::other;
}

/// The stream that new work of the library goes to, on a GPU; the default stream where it tells none.
void* current_stream(const array_type& type, nb::dlpack::device device);

}  // namespace nsameta::python
