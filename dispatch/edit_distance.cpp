#include "edit_distance.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "registry.h"

namespace nsameta {
namespace {

std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] != to[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word) {
  std::string_view best = "auto";
  for (const std::string_view name : backend_names) {
    if (edit_distance(word, name) < edit_distance(word, best)) best = name;
  }
  return best;
}

}  // namespace nsameta
