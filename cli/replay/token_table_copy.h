/// req_to_token where the tested device computes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "harness/device_memory.h"
#include "replay/kv_allocator.h"

namespace nsameta::cli {

/// Stays in place for the whole replay; only what the allocator has written since travels.
class token_table_copy {
 public:
  token_table_copy(const harness::device_place& place, const kv_allocator& original)
      : memory_(place, original.entries().size_bytes()) {
    memory_.upload(std::as_bytes(original.entries()));
  }

  /// After all work of the default stream.
  void update(const kv_allocator& original) {
    for (const auto [begin, end] : original.changes())
      memory_.upload(std::as_bytes(original.entries().subspan(begin, end - begin)), begin * sizeof(std::int32_t));
  }

  nsameta_token_table view(const kv_allocator& original) const {
    nsameta_token_table table = original.table();
    table.data = reinterpret_cast<const std::int32_t*>(memory_.data());
    return table;
  }

  bool equals(const kv_allocator& original) const {
    std::vector<std::int32_t> now(original.entries().size());
    memory_.download(std::as_writable_bytes(std::span(now)));
    return std::ranges::equal(now, original.entries());
  }

 private:
  harness::device_memory memory_;
};

}  // namespace nsameta::cli
