#include "replay/kv_allocator.h"

#include <numeric>
#include <utility>

namespace nsameta::cli {

kv_allocator::kv_allocator(const kv_cache_options& options) : options_(options), random_(options.seed) {
  entries_.resize(static_cast<std::size_t>(options.requests * options.positions));
  free_pages_.resize(entries_.size() / static_cast<std::size_t>(options.page_size));
  std::iota(free_pages_.begin(), free_pages_.end(), 0);
  free_rows_.resize(static_cast<std::size_t>(options.requests));
  std::iota(free_rows_.rbegin(), free_rows_.rend(), 0);
}

std::int64_t kv_allocator::reserve(std::int64_t request, std::int64_t positions) {
  const auto [found, is_new] = held_.try_emplace(request);
  holding& held = found->second;
  if (is_new) {
    held.row = free_rows_.back();
    free_rows_.pop_back();
  }
  const auto entry = [&] {
    return static_cast<std::size_t>(held.row * options_.positions + std::ssize(held.pages) * options_.page_size);
  };
  const std::size_t begin = entry();
  while (std::ssize(held.pages) * options_.page_size < positions) {
    const std::int32_t page = take_page();
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(entry());
    std::iota(first, first + options_.page_size, page * options_.page_size);
    held.pages.push_back(page);
  }
  if (entry() > begin) changes_.push_back({begin, entry()});
  return held.row;
}

void kv_allocator::release(std::int64_t request) {
  const auto found = held_.find(request);
  if (found == held_.end()) return;  // it ended before it held anything
  free_pages_.insert(free_pages_.end(), found->second.pages.begin(), found->second.pages.end());
  free_rows_.push_back(found->second.row);
  held_.erase(found);
}

nsameta_token_table kv_allocator::table() const {
  return {entries_.data(), options_.requests, options_.positions, options_.positions};
}

std::int32_t kv_allocator::take_page() {
  std::swap(free_pages_[static_cast<std::size_t>(random_.between(0, std::ssize(free_pages_) - 1))], free_pages_.back());
  const std::int32_t page = free_pages_.back();
  free_pages_.pop_back();
  return page;
}

}  // namespace nsameta::cli
