/// The parts of a fill, in the order they run. Every bit of the status word is raised by the part that sees its cause.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"
#include "reference/batch.h"

namespace nsameta::reference {

/// Fills every output of a validated problem. Throws what std::vector throws when the requests do not fit in memory;
/// nothing is written then.
void fill(const nsameta_problem& problem, const nsameta_outputs& outputs);

/// The vectors with an element for each request.
void write_request_vectors(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                           std::int32_t& status);

/// The vectors with an element for each row, as far as their capacities go.
void write_row_vectors(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                       std::int32_t& status);

/// What stands beyond the live elements; reads the last totals that the two functions above wrote.
void write_vector_tails(const nsameta_outputs& outputs, const batch& requests, std::int32_t& status);

void write_page_tables(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                       std::int32_t& status);

}  // namespace nsameta::reference
