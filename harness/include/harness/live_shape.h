/// How much of the outputs a problem makes live, counted on the host from its own copy of the lengths.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fields.h"
#include "harness/problem_data.h"

namespace nsameta::harness {

/// A request that has outputs: every one, or under q_shard those that own a token on this rank.
struct live_request {
  std::int64_t index;        ///< in the batch
  std::int64_t rows;         ///< expanded rows on this rank
  std::int64_t table_rows;   ///< rows of the page tables, side by side
  std::int64_t mirror_rows;  ///< more of them, of a zigzag's mirror: behind the `table_rows` of every request
  std::int64_t positions;    ///< that its page tables show: its context within req_to_token; 0 when its slot is no row
  std::int64_t length;       ///< its context, on all ranks together; of padding 0
  std::int64_t first;        ///< what its first row would see if nothing were clamped; of padding none sees anything
};

struct live_shape {
  std::vector<live_request> requests;
  std::int64_t rows = 0;        ///< T
  std::int64_t table_rows = 0;  ///< R, rows of the page tables
  live_request padding{};       ///< whose row each padding row is
  nsameta_problem problem{};    ///< decides the tables' columns; its arrays may be gone
};

/// Lengths are made sane as every backend does: negative ones count as 0, those past int32 as its largest value.
live_shape live_shape_of(const problem_data& problem, std::int64_t length_offset = 0);

/// `vector` with its capacity cut to the field's live elements.
nsameta_vector live_part(const vector_field& field, const nsameta_vector& vector, const live_shape& shape);

/// A plan's buffer with its capacity cut to what a fill wrote.
nsameta_vector live_part(const nsameta_plan& plan, std::size_t buffer, const live_shape& shape);

/// The live columns of each row of a plan's table, whose buffer holds so many.
std::vector<std::span<const std::int32_t>> live_rows(const nsameta_plan& plan, std::size_t buffer,
                                                     const live_shape& shape);
/// Columns that a plan's table needs.
std::int64_t columns_needed(const nsameta_plan& plan, const live_shape& shape);

/// The live columns of each row that `table` holds.
std::vector<std::span<const std::int32_t>> live_rows(const table_field& field, const nsameta_table& table,
                                                     const live_shape& shape);

}  // namespace nsameta::harness
