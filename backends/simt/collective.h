/// The calls at which lanes meet.
#pragma once

#include <bit>
#include <cstddef>
#include <source_location>
#include <string>

namespace nsameta::simt {

enum class collective { barrier, shuffle_up, shuffle, ballot, sum };

/// What a lane calls, and from where. All lanes that meet must make the same call at the same place in the source:
/// hardware promises nothing else.
struct collective_call {
  collective kind;
  std::size_t value_bytes;
  std::source_location site;
};

inline bool same_site(const std::source_location& a, const std::source_location& b) {
  // Both are a pointer to what describes the place: equal ones need no look at it, and nearly all are.
  return std::bit_cast<const void*>(a) == std::bit_cast<const void*>(b) ||
         (a.line() == b.line() && a.column() == b.column());
}

inline bool same_call(const collective_call& a, const collective_call& b) {
  return a.kind == b.kind && a.value_bytes == b.value_bytes && same_site(a.site, b.site);
}

/// "barrier (scan.h:12)"
std::string describe(const collective_call& call);

}  // namespace nsameta::simt
