#include "json_reader.h"

#include <array>
#include <limits>
#include <set>

#include "harness/nearest_name.h"

namespace nsameta::harness {
namespace {

constexpr std::size_t longest_shown = 60;
constexpr int deepest = 16;  // a problem has four; to print a value takes stack for each

/// The parser's sentence without its exception name.
std::string sentence(const std::exception& error) {
  const std::string text = error.what();
  const std::size_t end = text.find("] ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

}  // namespace

std::string shown(const json& value) {
  std::string text = value.dump();
  if (text.size() > longest_shown) text = text.substr(0, longest_shown) + "...";
  return text;
}

json parse_object(std::string_view text) {
  std::array<std::set<std::string>, deepest + 1> keys;  // of the open objects, by depth
  const auto watch = [&keys](int depth, json::parse_event_t event, const json& parsed) {
    const auto place = static_cast<std::size_t>(depth);
    if (event == json::parse_event_t::object_start && depth < deepest) keys[place + 1].clear();
    if (event == json::parse_event_t::key && depth <= deepest && !keys[place].insert(parsed.get<std::string>()).second)
      throw json_error(shown(parsed) + ": the key is given twice");
    if (depth > deepest) throw json_error("brackets within brackets, more than " + std::to_string(deepest) + " deep");
    return true;
  };
  json object;
  try {
    object = json::parse(text, watch);
  } catch (const json::exception& error) {
    throw json_error("not JSON: " + sentence(error));
  }
  if (!object.is_object()) throw json_error("a problem is a JSON object, not " + shown(object));
  return object;
}

std::int64_t to_integer(const std::string& key, const json& value, std::int64_t low, std::int64_t high) {
  if (!value.is_number_integer()) throw json_error(key + ": " + shown(value) + " is not an integer");
  constexpr auto int64_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > int64_max;
  if (too_large || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high)
    throw json_error(key + ": " + shown(value) + " is outside " + std::to_string(low) + " to " + std::to_string(high));
  return value.get<std::int64_t>();
}

std::vector<std::int64_t> to_integers(const std::string& key, const json& value, std::int64_t low, std::int64_t high) {
  if (!value.is_array()) throw json_error(key + ": " + shown(value) + " is not an array of integers");
  std::vector<std::int64_t> integers;
  integers.reserve(value.size());
  for (const json& element : value)
    integers.push_back(to_integer(key + "[" + std::to_string(integers.size()) + "]", element, low, high));
  return integers;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> valid) {
  const std::string nearest = nearest_name(name, valid);
  return nearest.empty() ? "; valid are " + join_names(valid) : "; did you mean \"" + nearest + "\"?";
}

std::ptrdiff_t to_place(const std::string& key, const json& value, const char* what,
                        std::span<const std::string_view> names) {
  if (!value.is_string()) throw json_error(key + ": " + shown(value) + " is not a string");
  const std::string name = value.get<std::string>();
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) throw json_error(key + ": " + shown(value) + " is no " + what + did_you_mean(name, names));
  return found - names.begin();
}

}  // namespace nsameta::harness
