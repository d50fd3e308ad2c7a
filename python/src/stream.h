/// The argument `stream`.
#pragma once

#include <cstdint>

#include <nanobind/nanobind.h>

namespace nsameta::python {

/// Of a number, a stream of torch or cupy, or anything with `__cuda_stream__`.
std::uintptr_t to_stream(const char* name, nanobind::handle stream);

}  // namespace nsameta::python
