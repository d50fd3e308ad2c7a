/// The batches that are measured: the same for every program here, decided by their numbers alone.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "harness/generator.h"

namespace nsameta::bench {

/// The fields of the original kernel.
std::span<const std::string_view> two_fields();
/// What an engine's attention reads in every step.
std::span<const std::string_view> engine_fields();

/// Contexts are random within 1 to 8,192 unless a function says otherwise. Every field that applies is asked for, in
/// buffers of exactly its size: see `ask_for`.
harness::generated_case decode_case(std::int64_t requests);
harness::generated_case verify_case(std::int64_t requests, std::int64_t draft_tokens);
/// `draft_extend` with query lengths random within [low, high]. `turn` gives another batch of the same kind.
harness::generated_case ragged_case(std::int64_t requests, std::int64_t low, std::int64_t high, std::uint64_t turn = 0);
/// `draft_extend` with 1 to 199 rows a request, exactly 100 on average, at contexts of 9,000 to 11,000.
harness::generated_case long_rows_case(std::int64_t requests);

/// A step: the engine's five fields, and no table, real_page_table or both. `draft_extend` has 1 to 4 rows a request. A
/// request has `live` tokens, up to 7 fewer, and a slot in random order.
harness::generated_case step_case(nsameta_mode mode, int tables, std::int64_t live, std::int64_t requests);

/// Leaves the named outputs and no table, with room for `row_capacity` rows (0: exactly those that there are).
void ask_for(harness::generated_case& measured, std::span<const std::string_view> vectors,
             std::int64_t row_capacity = 0);

std::int64_t rows_of(const harness::generated_case& measured);
/// Bytes that a fill must write.
std::int64_t live_bytes(const harness::generated_case& measured);

}  // namespace nsameta::bench
