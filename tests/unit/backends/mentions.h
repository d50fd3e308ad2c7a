/// What a failed launch said.
#pragma once

#include <string>

#include <doctest/doctest.h>

namespace nsameta::simt {

inline bool mentions(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CAPTURE(part);
  return text.find(part) != std::string::npos;
}

}  // namespace nsameta::simt
