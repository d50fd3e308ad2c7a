/// How many faults each call was given.
#pragma once

#include <string>

namespace nsameta::test {

void add_to_totals(const std::string& call, int faults);

/// One line a call, and the sum.
void print_totals();

}  // namespace nsameta::test
