#include "harness/guarded_layout.h"

#include <unistd.h>

#include <atomic>

namespace nsameta::harness {
namespace {

constexpr std::size_t canary_bytes = 256;

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

guard pages_in_turn() {
  static std::atomic<unsigned> turn{0};
  return turn++ % 2 == 0 ? guard::page_behind : guard::page_before;
}

guarded_layout::guarded_layout(guard kind) : kind_(kind), bytes_(kind == guard::canaries ? 0 : page_bytes()) {}

void guarded_layout::add(const char* name, std::size_t bytes, std::size_t misalignment) {
  guarded_array added{name, bytes_, 0, 0, 0};
  if (kind_ == guard::canaries) {
    added.begin = added.first + canary_bytes + misalignment;
    added.last = round_up(added.begin + bytes + canary_bytes, canary_bytes);
  } else {
    // An empty array is a place in a protected page.
    added.last = added.first + (bytes == 0 ? 0 : round_up(bytes + misalignment, page_bytes()));
    added.begin = kind_ == guard::page_behind ? added.last - bytes : added.first + (bytes == 0 ? 0 : misalignment);
  }
  added.end = added.begin + bytes;
  bytes_ = added.last + (kind_ == guard::canaries ? 0 : page_bytes());
  arrays_.push_back(added);
}

}  // namespace nsameta::harness
