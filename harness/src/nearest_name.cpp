#include "harness/nearest_name.h"

#include "edit_distance.h"

namespace nsameta::harness {

std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view nearest;
  std::size_t best = 3 + name.size() / 4;  // one more than is still taken for a slip
  for (const std::string_view candidate : candidates) {
    if (const std::size_t distance = edit_distance(name, candidate); distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return std::string(nearest);
}

std::string join_names(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 < names.size() ? ", " : " or ";
    text += names[i];
  }
  return text;
}

}  // namespace nsameta::harness
