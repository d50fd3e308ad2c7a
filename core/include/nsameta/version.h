/// The version of the library, in one place: CMake, the packages and the modules all read it from here.
#pragma once

#define NSAMETA_VERSION_MAJOR 0
#define NSAMETA_VERSION_MINOR 1
#define NSAMETA_VERSION_PATCH 0
