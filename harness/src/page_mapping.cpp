#include "harness/page_mapping.h"

#include <sys/mman.h>

#include <new>

#include "fault_report.h"
#include "poison.h"

namespace nsameta::harness {
namespace {

void set_access(std::byte* base, const guarded_layout& layout, int access) {
  layout.for_each_stretch([&](std::size_t begin, std::size_t end) {
    if (mprotect(base + begin, end - begin, access) != 0) throw std::bad_alloc();
  });
}

}  // namespace

page_mapping::page_mapping(const guarded_layout& layout) {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* base = mmap(nullptr, layout.bytes(), PROT_NONE, flags, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  mapped_.reset(new mapped_layout{static_cast<std::byte*>(base), layout});
  set_writable(true);
  set_slack_open(false);
  watch_arrays(mapped_->base, mapped_->layout);
}

void page_mapping::set_writable(bool writable) {
  set_access(mapped_->base, mapped_->layout, writable ? PROT_READ | PROT_WRITE : PROT_READ);
}

void page_mapping::set_slack_open(bool open) const {
  for (const guarded_array& array : mapped_->layout.arrays()) {
    if (open) {
      unpoison(data() + array.first, data() + array.last);
    } else {
      poison(data() + array.first, data() + array.begin);
      poison(data() + array.end, data() + array.last);
    }
  }
}

void page_mapping::unmap::operator()(mapped_layout* mapped) const noexcept {
  forget_arrays(mapped->base);
  unpoison(mapped->base, mapped->base + mapped->layout.bytes());
  munmap(mapped->base, mapped->layout.bytes());
  delete mapped;
}

}  // namespace nsameta::harness
