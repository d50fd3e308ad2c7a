/// Which array an access to a protected page missed.
#pragma once

#include "harness/guarded_layout.h"

namespace nsameta::harness {

/// From now on an access beside these arrays, or a write to them while they are protected, prints a line with the
/// array's name and the note to stderr. The signal then goes to whoever would have had it: a debugger's, a sanitizer's
/// or the test framework's handler, or the end of the process. `layout` must stay in place until it is forgotten.
void watch_arrays(const std::byte* base, const guarded_layout& layout);
void forget_arrays(const std::byte* base) noexcept;

}  // namespace nsameta::harness
