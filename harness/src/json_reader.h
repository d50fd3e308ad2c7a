/// Typed access to one parsed object, with errors that name the key and the value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/problem_json.h"

namespace nsameta::harness {

/// Parses one object and refuses repeated keys. Throws json_error.
json parse_object(std::string_view text);

/// The value as it stands in an error: JSON text, cut where it is long.
std::string shown(const json& value);

/// An integer within [low, high]; `key` is what the error calls it. Throws json_error.
std::int64_t to_integer(const std::string& key, const json& value, std::int64_t low, std::int64_t high);

/// An array of integers; `key` is what the error calls it. Throws json_error.
std::vector<std::int64_t> to_integers(const std::string& key, const json& value, std::int64_t low, std::int64_t high);

/// What an error adds that found `name` not among the valid ones.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> valid);

/// The place of a string among `names`, which are those of a `what`. Throws json_error.
std::ptrdiff_t to_place(const std::string& key, const json& value, const char* what,
                        std::span<const std::string_view> names);

}  // namespace nsameta::harness
