/// What is thrown for an argument that cannot be. No Python here: the fuzzers use it too.
#pragma once

#include <stdexcept>
#include <string>

#include <nsameta/nsameta.h>

namespace nsameta::python {

/// A call that failed. `invalid_argument` becomes a ValueError.
class library_error : public std::runtime_error {
 public:
  library_error(nsameta_status status, const std::string& message) : std::runtime_error(message), status(status) {}
  const nsameta_status status;
};

inline library_error invalid_argument(const std::string& message) {
  return library_error(NSAMETA_INVALID_ARGUMENT, message);
}

/// An argument of a type that is never taken: a TypeError.
class wrong_type : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace nsameta::python
