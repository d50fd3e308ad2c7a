/// Nothing is thrown across the C interface.
#pragma once

#include <exception>
#include <new>

#include "status.h"

namespace nsameta {

/// Calls and turns an exception into a status with its sentence.
template <class Call>
nsameta_status guarded(Call&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return fail(NSAMETA_OUT_OF_MEMORY, "the host is out of memory");
  } catch (const std::exception& error) {
    return fail(NSAMETA_INTERNAL_ERROR, "%s", error.what());
  } catch (...) {
    return fail(NSAMETA_INTERNAL_ERROR, "an exception of unknown type");
  }
}

}  // namespace nsameta
