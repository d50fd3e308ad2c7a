/// Enums that a C caller filled in.
#pragma once

#include <cstring>

namespace nsameta {

/// The number in an enum, whatever it is. Reading the enum itself is undefined where the number names none of its
/// values, and that is what validation is there to find out.
template <class Enum>
int raw_value(const Enum& value) noexcept {
  static_assert(sizeof(Enum) == sizeof(int));
  int number = 0;
  std::memcpy(&number, &value, sizeof number);
  return number;
}

}  // namespace nsameta
