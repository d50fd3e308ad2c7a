#include "harness/nearest_name.h"

#include "words.h"

namespace nsameta::harness {

std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  return std::string(nearest_word(name, candidates));
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
