/// Cuts a plan's line, in one pass over it.
#pragma once

#include "common/plans/line.h"

namespace nsameta::cpu {

/// Cuts the line of some requests, each of which costs `cost(r)`, in parts `step` apart. Calls `visit(part, what)` for
/// each part that has some of it; returns how many those are.
template <class Cost, class Visit>
std::int32_t for_each_part(std::int32_t parts, std::int32_t overhead, std::int32_t step, std::int32_t requests,
                           const Cost& cost, const Visit& visit) {
  std::int32_t r = 0, begin = 0, end = requests > 0 ? cost(0) : 0;  // of request r on the line
  std::int32_t part = 0;
  for (line_part p{}; part < parts && r < requests; ++part) {
    p.begin = p.end;
    p.request = r;
    p.request_begin = begin;
    p.request_end = end;
    const std::int32_t budget_end = p.begin + step;
    const auto have = [&] {
      p.last = r;
      p.last_begin = begin;
      p.last_end = end;
    };
    while (r < requests && end <= budget_end + overhead) {
      have();
      begin = p.end = end;
      if (++r < requests) end += cost(r);
    }
    if (r < requests && budget_end > begin) {  // within the next one
      have();
      p.end = budget_end;
    }
    visit(part, p);
  }
  return part;
}

}  // namespace nsameta::cpu
