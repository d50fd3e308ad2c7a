#include "harness/guarded_memory.h"

#include <cstring>
#include <utility>

namespace nsameta::harness {

guard guard_on(const device_place& place, guard wanted) { return place.on_host() ? wanted : guard::canaries; }

std::variant<device_memory, page_mapping> guarded_memory::made(std::size_t canary_bytes) const {
  if (layout_.kind() != guard::canaries) return page_mapping(layout_);
  return device_memory(place_, canary_bytes);
}

guarded_memory::guarded_memory(const device_place& place, guarded_layout layout)
    : place_(place), layout_(std::move(layout)), memory_(made(layout_.bytes())) {}

void guarded_memory::rearrange(guarded_layout layout) {
  const auto* canaried = std::get_if<device_memory>(&memory_);
  const bool fits = canaried != nullptr ? layout.bytes() <= canaried->size() : layout == layout_;
  layout_ = std::move(layout);
  if (!fits) memory_ = made(2 * layout_.bytes());  // a sequence of layouts soon stops allocating
}

std::byte* guarded_memory::data() const {
  return std::visit([](const auto& memory) { return memory.data(); }, memory_);
}

void guarded_memory::set_writable(bool writable) {
  if (auto* pages = std::get_if<page_mapping>(&memory_)) pages->set_writable(writable);
}

void guarded_memory::upload(std::span<const std::byte> image) {
  const open_guards opened(*this);
  layout_.for_each_stretch([&](std::size_t begin, std::size_t end) {
    const auto stretch = image.subspan(begin, end - begin);
    if (auto* memory = std::get_if<device_memory>(&memory_)) {
      memory->upload(stretch, begin);
    } else {
      std::memcpy(data() + begin, stretch.data(), stretch.size());
    }
  });
}

void guarded_memory::download(std::span<std::byte> image) const {
  layout_.for_each_stretch([&](std::size_t begin, std::size_t end) { download(image, begin, end); });
}

void guarded_memory::download(std::span<std::byte> image, std::size_t begin, std::size_t end) const {
  const open_guards opened(*this);
  const auto stretch = image.subspan(begin, end - begin);
  if (const auto* memory = std::get_if<device_memory>(&memory_)) {
    memory->download(stretch, begin);
  } else {
    std::memcpy(stretch.data(), data() + begin, stretch.size());
  }
}

}  // namespace nsameta::harness
