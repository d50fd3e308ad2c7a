/// What only torch's tensors have.
#pragma once

#include <nanobind/nanobind.h>

#include "errors.h"

namespace nsameta::python {

/// Throws if the tensor's values are the negatives of what its memory holds.
void refuse_negated(const char* name, nb::handle tensor);

/// Raises the version counter of every tensor of the list, as torch does when it writes itself.
void raise_versions(nb::handle tensors);

}  // namespace nsameta::python
