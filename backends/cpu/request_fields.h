/// The per-request outputs: cache_seqlens, cu_seqlens_k, cu_seqlens_q.
#pragma once

#include "common/totals.h"

namespace nsameta::cpu {

/// Totals of requests [begin, end).
totals add_requests(const nsameta_problem&, std::int64_t begin, std::int64_t end);

/// Writes the fields of requests [begin, end), which `before` precedes; returns the totals through them.
totals write_request_fields(const nsameta_problem&, const nsameta_outputs&, std::int64_t begin, std::int64_t end,
                            totals before);

}  // namespace nsameta::cpu
