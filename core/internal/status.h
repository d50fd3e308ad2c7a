/// The calling thread's sentence: one place sets it.
#pragma once

#include "nsameta/nsameta.h"

namespace nsameta {

/// Sets the sentence that nsameta_last_error() returns, printf-style and cut to fit, and returns `status`. The
/// arguments may come from the former sentence.
[[gnu::cold, gnu::format(printf, 2, 3)]]
nsameta_status fail(nsameta_status status, const char* format, ...) noexcept;

}  // namespace nsameta
