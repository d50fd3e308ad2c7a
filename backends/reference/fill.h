/// The oracle: every rule computed from its definition, row by row, on one thread. What another backend writes is right
/// when it equals what this one writes.
///
/// The parts of a fill, in the order they run. Every bit of the status word is raised by the part that sees its cause.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"
#include "reference/batch.h"

namespace nsameta::reference {

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

/// T and the status word, whose every bit is in by then.
void write_scalars(const nsameta_outputs& outputs, const batch& requests, std::int32_t& status);

}  // namespace nsameta::reference
