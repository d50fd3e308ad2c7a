/// What the steps must hold, worked out token by token from the scheduler's own lists.
#pragma once

#include "steps.h"

namespace engine {

/// Throw std::runtime_error with the field, the place and both values where they differ.
void check_prefill(const tables& got, const std::vector<request*>& admitted, const limits& with);
void check_decode(const tables& got, const std::deque<request>& running, const limits& with);

}  // namespace engine
