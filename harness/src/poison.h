/// Memory that AddressSanitizer, where it is built in, lets nobody touch.
#pragma once

#include <cstddef>

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#endif

namespace nsameta::harness {

inline void poison([[maybe_unused]] const std::byte* begin, [[maybe_unused]] const std::byte* end) {
#if defined(ASAN_POISON_MEMORY_REGION)
  ASAN_POISON_MEMORY_REGION(begin, static_cast<std::size_t>(end - begin));
#endif
}

inline void unpoison([[maybe_unused]] const std::byte* begin, [[maybe_unused]] const std::byte* end) {
#if defined(ASAN_UNPOISON_MEMORY_REGION)
  ASAN_UNPOISON_MEMORY_REGION(begin, static_cast<std::size_t>(end - begin));
#endif
}

}  // namespace nsameta::harness
