/// The same problem on whatever computes here, as one digest a field.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/sanitizer.h"
#include "fields.h"
#include "harness/generator.h"

namespace nsameta::test {

/// Every variant of every device that is ready here: "cpu:0/tbb", "simt:1/block256".
const std::vector<std::string>& computing();

/// Then everything takes several times as long.
inline constexpr bool is_sanitized = NSAMETA_ADDRESS_SANITIZER || NSAMETA_THREAD_SANITIZER;

/// Of each field over its whole capacity, vectors first; 0 where it was not asked for.
using field_digests = std::array<std::uint64_t, vector_fields.size() + table_fields.size()>;

/// How a fill is run beyond what computes it.
struct manner {
  bool own_stream = false;
  std::int64_t moved_inputs = 0;  ///< elements past a 256-byte boundary
};

/// Fills buffers that hold the fill pattern. Throws when the call fails, or writes past an output or to an input.
field_digests digests_of(const std::string& backend, const harness::generated_case& tested, const manner& how = {});

/// Of each request alone, its own part of the outputs that do not count other requests: its length, its rows' lengths
/// and its rows of the page tables.
std::vector<std::uint64_t> request_digests(const std::string& backend, const harness::generated_case& tested);

/// The names of the fields that both have and that differ, or "".
std::string difference(const field_digests& one, const field_digests& other);

}  // namespace nsameta::test
