/// Selection's records as dictionaries.
#pragma once

#include <functional>
#include <string>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

namespace nsameta::python {

/// "auto", "cpu", or "cuda", "hip" or "simt" with an optional ":index".
nsameta_target to_target(const std::string& device);

/// The record that `ask` fills. Bad arguments are thrown; what else keeps the fill from running is its `error`.
nanobind::dict decide(const std::function<nsameta_status(nsameta_decision*)>& ask);

nanobind::list list_backends();

}  // namespace nsameta::python
