/// What people write in variables and options: lists of words, some of them with slips.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends.h"

namespace nsameta {

/// Without the white space around it.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n\v\f";
  text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
  return text.substr(0, text.find_last_not_of(white) + 1);
}

/// Calls `each` with every part of a comma-separated list, trimmed, also with empty ones.
template <class Each>
void for_each_word(std::string_view list, Each each) {
  for (std::size_t comma = 0; comma != list.npos; list.remove_prefix(std::min(comma, list.size() - 1) + 1)) {
    comma = list.find(',');
    each(trimmed(list.substr(0, comma)));
  }
}

/// Foreign text in a message must not steer a terminal.
inline void make_printable(char* text) {
  for (; *text != '\0'; ++text)
    if (static_cast<unsigned char>(*text) < ' ' || *text == '\x7f') *text = '?';
}

/// Of ASCII alone, whatever the locale.
constexpr char in_small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The fewest single-letter edits (insert, drop, replace) from one to the other. Large letters count as small ones.
inline std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (in_small_letter(from[i]) != in_small_letter(to[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// The name that a typing error most likely meant; "" when none is near.
inline std::string_view nearest_word(std::string_view word, std::span<const std::string_view> names) {
  std::string_view nearest;
  std::size_t best = std::min(3 + word.size() / 4, word.size());  // one more than is still taken for a slip
  for (const std::string_view name : names)
    if (const std::size_t distance = edit_distance(word, name); distance < best) best = distance, nearest = name;
  return nearest;
}

/// The backend, or "auto", that `word` was most likely meant to be; "" when none is near.
inline std::string_view nearest_backend(std::string_view word) {
  std::vector<std::string_view> names{"auto", "gpu", "nvidia", "rocm", "amd"};
  for (const backend_identity& each : all_backends) names.push_back(each.name);
  const std::string_view nearest = nearest_word(word, names);
  if (nearest == "nvidia" || nearest == "gpu") return "cuda";
  return nearest == "rocm" || nearest == "amd" ? "hip" : nearest;
}

}  // namespace nsameta
