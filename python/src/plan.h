/// Plans of attention kernels, as dictionaries.
#pragma once

#include <list>
#include <string>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

#include "array.h"

namespace nsameta::python {

/// The plan that a dictionary asks for, by the names of its kind's row in the table of plans. `name` is the
/// dictionary's own. Those of its buffers are put into `names`, which has to live as long as `arrays`.
nsameta_plan to_plan(const std::string& name, nb::handle value, array_reader& arrays, std::list<std::string>& names);

}  // namespace nsameta::python
