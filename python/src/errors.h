/// The package's exceptions: Error, with the attribute `status`, and InvalidArgument, a ValueError too.
#pragma once

#include <stdexcept>
#include <string>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

namespace nsameta::python {

class library_error : public std::runtime_error {
 public:
  library_error(nsameta_status status, const std::string& message) : std::runtime_error(message), status(status) {}
  const nsameta_status status;
};

inline library_error invalid_argument(const std::string& message) {
  return library_error(NSAMETA_INVALID_ARGUMENT, message);
}

/// Throws what the calling thread's last call said.
inline void check(nsameta_status status) {
  if (status != NSAMETA_OK) throw library_error(status, nsameta_last_error());
}

/// Sets Python's error.
void raise(const library_error& error);

void add_exceptions(nanobind::module_& module);

}  // namespace nsameta::python
