/// The library's status codes as exceptions, for callers that have nothing better to do with a failure than to report
/// it.
#pragma once

#include <stdexcept>
#include <string>

#include "nsameta/nsameta.h"

namespace nsameta::harness {

/// A call that did not return NSAMETA_OK, with the library's sentence.
class library_error : public std::runtime_error {
 public:
  /// `where`: what the sentence begins with.
  explicit library_error(nsameta_status status, const std::string& where = "")
      : std::runtime_error(where + nsameta_status_name(status) + ": " + nsameta_last_error()), status_(status) {}

  nsameta_status status() const { return status_; }

 private:
  nsameta_status status_;
};

/// Throws library_error unless `status` is NSAMETA_OK. Call it on the thread that made the call.
inline void check(nsameta_status status, const char* where = "") {
  if (status != NSAMETA_OK) throw library_error(status, where);
}

}  // namespace nsameta::harness
