/// What the modules of the tests do with a fill.
#pragma once

#include "backend.h"

namespace nsameta {

void module_fill(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count);

}  // namespace nsameta
