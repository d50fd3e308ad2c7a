/// The warp widths that every test of the device layer runs with.
#pragma once

#include <type_traits>

#include <doctest/doctest.h>

#define WARP_WIDTHS std::integral_constant<int, 32>, std::integral_constant<int, 64>

namespace nsameta::simt {

/// For kernels without shared memory.
struct no_memory {};

}  // namespace nsameta::simt
