#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nsameta::harness {

/// The candidate that a typing error most likely meant, by edit distance; "" when none is near.
std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// "a, b or c"
std::string join_names(std::span<const std::string_view> names);

}  // namespace nsameta::harness
