/// What AddressSanitizer must be told when a thread changes stacks. Empty in other builds.
///
/// ThreadSanitizer is told nothing. To it, all lanes are the OS thread that they run on, which is the truth: races
/// between threads are found as everywhere, and only the outer frames of a report from inside a kernel mean little.
/// With a context of its own for each lane, which it offers, it ends the process at 8,128 of them (eight threads with a
/// block of 1,024 each) and a block takes 20 times as long.
#pragma once

#include <cstddef>

#include "common/sanitizer.h"
#if NSAMETA_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace nsameta::simt::sanitizer {

/// Instrumented frames are larger.
inline constexpr bool active = NSAMETA_ADDRESS_SANITIZER || NSAMETA_THREAD_SANITIZER;

/// The address range of a stack.
struct stack_range {
  const void* bottom = nullptr;  ///< the lowest address
  std::size_t bytes = 0;
};

/// Call right before leaving the current stack for `next`. `saved` keeps what end_switch wants when the stack is
/// entered again; null when it never will be.
inline void begin_switch([[maybe_unused]] void** saved, [[maybe_unused]] stack_range next) {
#if NSAMETA_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(saved, next.bottom, next.bytes);
#endif
}

/// Call first thing on the entered stack. Writes the range of the stack that was left.
inline void end_switch([[maybe_unused]] void* saved, [[maybe_unused]] stack_range& left) {
#if NSAMETA_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(saved, &left.bottom, &left.bytes);
#endif
}

}  // namespace nsameta::simt::sanitizer
