/// The package's exceptions: Error, with the attribute `status`, and InvalidArgument, a ValueError too; and text on its
/// way to and from Python, which need not be UTF-8: what is not is shown with backslashes.
#pragma once

#include <string>
#include <string_view>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

#include "refusals.h"

namespace nsameta::python {

namespace nb = nanobind;

/// Text of the library: it repeats the environment, paths and the system's messages, and may be cut anywhere.
nb::str to_python(std::string_view text);

/// Text of a Python str, which may hold surrogates.
std::string from_python(nb::handle text);

/// Throws what the calling thread's last call said.
inline void check(nsameta_status status) {
  if (status != NSAMETA_OK) throw library_error(status, nsameta_last_error());
}

/// Calls the library while other threads may run Python: it may have to load a driver.
template <class Call>
auto without_gil(Call call) {
  const nb::gil_scoped_release others_may_run;
  return call();
}

/// Set Python's error.
void raise(const library_error& error) noexcept;
void raise(const wrong_type& error) noexcept;

void add_exceptions(nb::module_& module);

}  // namespace nsameta::python
