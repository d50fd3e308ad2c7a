/// Which sanitizer the code is built with: GCC defines a macro, Clang answers a question.
#pragma once

#if defined(__has_feature)
#define NSAMETA_HAS_FEATURE(feature) __has_feature(feature)
#else
#define NSAMETA_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || NSAMETA_HAS_FEATURE(address_sanitizer)
#define NSAMETA_ADDRESS_SANITIZER 1
#else
#define NSAMETA_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || NSAMETA_HAS_FEATURE(thread_sanitizer)
#define NSAMETA_THREAD_SANITIZER 1
#else
#define NSAMETA_THREAD_SANITIZER 0
#endif
