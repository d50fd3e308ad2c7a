/// Host memory between protected pages.
#pragma once

#include <memory>

#include "harness/guarded_layout.h"

namespace nsameta::harness {

/// Maps the arrays of a layout with page guards, and reports an access beside one of them. Pages come into being, as
/// zeros, where they are written. AddressSanitizer, where it is built in, guards what is left of an array's pages: it
/// sees reads that no page and no pattern shows, such as of 16 bytes in which an array ends. Throws std::bad_alloc.
class page_mapping {
 public:
  explicit page_mapping(const guarded_layout& layout);

  std::byte* data() const { return mapped_->base; }

  /// Lets the arrays be read only, or written again.
  void set_writable(bool writable);

  /// Whether AddressSanitizer lets touch what is left of the arrays' pages; at first not.
  void set_slack_open(bool open) const;

 private:
  struct mapped_layout {
    std::byte* base;
    guarded_layout layout;
  };
  struct unmap {
    void operator()(mapped_layout* mapped) const noexcept;
  };
  std::unique_ptr<mapped_layout, unmap> mapped_;  // stays in place: the report points at it
};

}  // namespace nsameta::harness
