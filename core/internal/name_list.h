/// The values that an argument may have, for the message that says so.
#pragma once

#include <cstddef>
#include <cstdio>

namespace nsameta {

/// "decode (0), extend (3)". Cut to fit, and without allocating: messages are made wherever a check fails.
class name_list {
 public:
  void add(const char* name, int number) noexcept {
    const int written =
        std::snprintf(text_ + end_, sizeof text_ - end_, "%s%s (%d)", end_ == 0 ? "" : ", ", name, number);
    if (written > 0) end_ += static_cast<std::size_t>(written);
    if (end_ >= sizeof text_) end_ = sizeof text_ - 1;
  }
  const char* text() const noexcept { return text_; }

 private:
  char text_[512] = "";
  std::size_t end_ = 0;
};

}  // namespace nsameta
