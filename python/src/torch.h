/// What only torch's tensors have.
#pragma once

#include <nanobind/nanobind.h>

#include "errors.h"

namespace nsameta::python {

/// Throws if the tensor's values are the negatives of what its memory holds.
void refuse_negated(const char* name, nb::handle tensor);

}  // namespace nsameta::python
