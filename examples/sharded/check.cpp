#include "check.h"

#include <stdexcept>
#include <string>

namespace sharded {
namespace {

void expect(const std::string& what, std::int64_t got, std::int64_t wanted) {
  if (got != wanted)
    throw std::runtime_error(what + " is " + std::to_string(got) + ", not " + std::to_string(wanted));
}

std::string row_of(std::size_t row, std::size_t rank) {
  return "row " + std::to_string(row) + " of rank " + std::to_string(rank);
}

}  // namespace

ints visible_positions(const batch& of) {
  ints visible;
  for (std::size_t r = 0; r < of.seq_lens.size(); ++r)
    for (int j = of.extend_seq_lens[r]; j > 0; --j) visible.push_back(of.seq_lens[r] - j + 1);
  return visible;
}

void check_kv_shards(const std::vector<ints>& parts, const ints& visible) {
  for (std::size_t rank = 0; rank < parts.size(); ++rank)
    expect("rows of rank " + std::to_string(rank), std::ssize(parts[rank]), std::ssize(visible));
  for (std::size_t row = 0; row < visible.size(); ++row) {
    std::vector<std::int32_t> held(parts.size());
    for (int position = 0; position < visible[row]; ++position) ++held[position / interleave % parts.size()];
    std::int64_t together = 0;
    for (std::size_t rank = 0; rank < parts.size(); ++rank) {
      expect(row_of(row, rank), parts[rank][row], held[rank]);
      together += parts[rank][row];
    }
    expect("the union of row " + std::to_string(row), together, visible[row]);
  }
}

void check_q_shards(const std::vector<ints>& parts, const ints& visible) {
  std::int64_t rows = 0;
  for (const ints& part : parts) rows += std::ssize(part);
  expect("the ranks' rows in all", rows, std::ssize(visible));
  for (std::size_t token = 0; token < visible.size(); ++token) {
    const std::size_t rank = token % parts.size(), row = token / parts.size();
    if (row >= parts[rank].size()) throw std::runtime_error(row_of(row, rank) + " is missing");
    expect(row_of(row, rank), parts[rank][row], visible[token]);
  }
}

}  // namespace sharded
