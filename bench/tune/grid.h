/// The points that variants are timed at, and a call for each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nsameta/device.hpp"

namespace nsameta::tune {

struct point {
  nsameta_mode mode;
  std::int64_t requests, rows_each;
  bool all_fields;           ///< every vector of the mode, else seqlens_expanded and nsa_cache_seqlens
  std::int64_t width = 0;    ///< of both page tables, columns; 0: no tables
  std::int64_t live = 4096;  ///< mean length of a request

  std::string name() const;
};

/// From one request to millions of rows; page tables with the live share that selection takes for granted.
std::vector<point> grid();

/// A point's buffers, in the memory of a device, and the call over them.
class point_call {
 public:
  point_call(const point& shape, const device& on);

  nsameta_problem problem;
  nsameta_outputs outputs;

 private:
  const std::int32_t* put(const std::vector<std::int32_t>& values);
  void* take(std::int64_t elements);

  device on_;
  std::vector<device_memory> memory_;
};

}  // namespace nsameta::tune
