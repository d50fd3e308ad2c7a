#pragma once

#include <string_view>

namespace nsameta::harness {

/// What is being done, for the line that an access to a protected page prints. Holds until the next note; cut to 4,000
/// bytes. For one thread.
void note_for_faults(std::string_view text);

}  // namespace nsameta::harness
