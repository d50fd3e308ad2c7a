/// Leaves every output as it was, so that the tests can see a mismatch reported.
#include "module_fill.h"

namespace nsameta {

void module_fill(const nsameta_problem&, const nsameta_outputs*, std::int64_t) {}

}  // namespace nsameta
