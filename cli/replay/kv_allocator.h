/// The paged KV cache of the simulated engine: which slots of which pages hold the tokens of each request in flight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "harness/random.h"
#include "nsameta/nsameta.h"

namespace nsameta::cli {

struct kv_cache_options {
  std::int64_t requests;   ///< in flight at most: rows of req_to_token
  std::int64_t positions;  ///< of a request at most, a multiple of the page size
  std::int32_t page_size;
  std::uint64_t seed;  ///< of the free lists' order
};

/// Owns req_to_token. A request takes a row when it first asks for room, and pages as it grows; both go back when it
/// ends. Free pages are handed out in random order, so that a request's pages lie scattered, as after days of serving.
/// The pool holds every row at its longest, so that nobody waits.
class kv_allocator {
 public:
  explicit kv_allocator(const kv_cache_options& options);

  /// Makes room for the request's first `positions` positions; its row.
  std::int64_t reserve(std::int64_t request, std::int64_t positions);
  /// Takes back what the request holds; its row keeps the old entries, as an engine's does.
  void release(std::int64_t request);

  /// In host memory of this object.
  nsameta_token_table table() const;
  std::span<const std::int32_t> entries() const { return entries_; }

  /// Entries [begin, end) that were written since they were last forgotten.
  struct change {
    std::size_t begin, end;
  };
  const std::vector<change>& changes() const { return changes_; }
  void forget_changes() { changes_.clear(); }

 private:
  struct holding {
    std::int64_t row;
    std::vector<std::int32_t> pages;
  };

  std::int32_t take_page();

  kv_cache_options options_;
  harness::random_source random_;
  std::vector<std::int32_t> entries_;
  std::vector<std::int32_t> free_pages_;
  std::vector<std::int64_t> free_rows_;
  std::unordered_map<std::int64_t, holding> held_;
  std::vector<change> changes_;
};

}  // namespace nsameta::cli
