/// The version of the library, in one place: CMake, the packages and the modules all read it from here.
#pragma once

#define NSAMETA_VERSION_MAJOR 0
#define NSAMETA_VERSION_MINOR 1
#define NSAMETA_VERSION_PATCH 0

/// Of these headers, as one number: 0.1.0 is 100. The library's own is nsameta_version().
#define NSAMETA_VERSION (NSAMETA_VERSION_MAJOR * 10000 + NSAMETA_VERSION_MINOR * 100 + NSAMETA_VERSION_PATCH)
