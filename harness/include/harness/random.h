/// Random numbers that are the same on every platform: the engine is fixed by the standard, its distributions are not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

namespace nsameta::harness {

class random_source {
 public:
  explicit random_source(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t word() { return engine_(); }
  /// Uniform within [low, high]. The bias of the remainder is of no account at these ranges.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  /// Uniform within [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  template <class Value, std::size_t Count>
  Value pick(const std::array<Value, Count>& values) {
    return values[engine_() % Count];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace nsameta::harness
