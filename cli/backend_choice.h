/// --backend: which backend computes, and so where the data lives.
#pragma once

#include <string>

#include "harness/backend_name.h"

namespace nsameta::cli {

/// Makes `text` the override of the process ("" leaves selection alone) and chooses where the data lives: on the device
/// of the first listed backend that can run, else on the host. Throws library_error for an override that names nothing.
harness::device_place apply_backend(const std::string& text);

}  // namespace nsameta::cli
