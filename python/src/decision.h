/// Selection's records as dictionaries.
#pragma once

#include <string>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

namespace nsameta::python {

/// "auto", "cpu", or "cuda", "hip" or "simt" with an optional ":index".
nsameta_target to_target(const std::string& device);

/// Bad arguments are thrown; what else keeps the fill from running is the record's `error`.
nanobind::dict decide(const nsameta_problem& problem, const nsameta_outputs* outputs, const nsameta_target& target);

nanobind::list list_backends();

}  // namespace nsameta::python
