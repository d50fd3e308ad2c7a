/// Arrays of one device, with guards between them.
#pragma once

#include <cstddef>
#include <span>
#include <variant>

#include "harness/device_memory.h"
#include "harness/guarded_layout.h"
#include "harness/page_mapping.h"

namespace nsameta::harness {

/// The guard that memory of `place` can have in place of the wanted one.
guard guard_on(const device_place& place, guard wanted);

/// Memory for the arrays of a layout. Holds anything at first, guards included: who wants canaries writes them.
class guarded_memory {
 public:
  /// The layout's guard must be one that `place` can have.
  guarded_memory(const device_place& place, guarded_layout layout);

  /// Makes room for other arrays, and loses what the memory holds. Stays in place where the old memory will do: with
  /// canaries if it is large enough, with pages for an equal layout.
  void rearrange(guarded_layout layout);

  const device_place& place() const { return place_; }
  const guarded_layout& layout() const { return layout_; }
  std::byte* data() const;

  /// Whether stores to the arrays are let through; no matter to canaries.
  void set_writable(bool writable);

  /// Copies between the memory and an image of it on the host, from byte `begin` to `end` or all that is between
  /// protected pages; after all work of the default stream, done on return.
  void upload(std::span<const std::byte> image);
  void download(std::span<std::byte> image) const;
  void download(std::span<std::byte> image, std::size_t begin, std::size_t end) const;

 private:
  friend class open_guards;
  std::variant<device_memory, page_mapping> made(std::size_t canary_bytes) const;

  device_place place_;
  guarded_layout layout_;
  std::variant<device_memory, page_mapping> memory_;
};

/// While it lives, what stands beside the arrays may be touched; see page_mapping.
class open_guards {
 public:
  explicit open_guards(const guarded_memory& memory) : pages_(std::get_if<page_mapping>(&memory.memory_)) {
    if (pages_ != nullptr) pages_->set_slack_open(true);
  }
  ~open_guards() {
    if (pages_ != nullptr) pages_->set_slack_open(false);
  }
  open_guards(const open_guards&) = delete;
  open_guards& operator=(const open_guards&) = delete;

 private:
  const page_mapping* pages_;
};

}  // namespace nsameta::harness
