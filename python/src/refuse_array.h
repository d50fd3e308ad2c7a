/// What an array is that cannot be had. Its library's own sentence names no argument, so that it is told from the
/// array's attributes where it can be.
#pragma once

#include <nanobind/nanobind.h>

#include "array_view.h"
#include "errors.h"

namespace nsameta::python {

/// Whether an exception is about an array; others, such as KeyboardInterrupt, are passed on.
bool is_about_array(const nb::python_error& error);

/// Takes the place of Python's error, if there is one.
[[noreturn]] void refuse_array(const char* name, nb::handle array, access how, elements wanted);

}  // namespace nsameta::python
