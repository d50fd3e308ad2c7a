/// The per-row outputs.
#pragma once

#include "common/locate.h"

namespace nsameta::cpu {

/// Writes rows [begin, end), where `at` is the request that holds row `begin`. Elements beyond an output's capacity are
/// left out.
void write_row_fields(const nsameta_problem&, const nsameta_outputs&, located_request at, std::int64_t begin,
                      std::int64_t end);

}  // namespace nsameta::cpu
