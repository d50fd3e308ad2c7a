/// The name that was probably meant.
#pragma once

#include <string_view>

namespace nsameta {

/// The word of "auto" and the backend names with the fewest single-letter edits (insert, drop, replace) from `word`.
std::string_view nearest(std::string_view word);

}  // namespace nsameta
