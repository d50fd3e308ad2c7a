/// What a backend owes its caller around vendor calls: the current device and the pending error stay as they were.
#pragma once

#include <cstdio>

#include "gpu/runtime.h"

namespace nsameta::gpu {

/// Makes `device` current for a scope. The switch is skipped when it is current already, which on the hot path costs
/// two thread-local reads.
template <device_runtime R>
class call_scope {
 public:
  explicit call_scope(std::int32_t device) : caller_error_(R::pending_error()) {
    entered_ = R::get_device(caller_device_);
    if (entered_ == R::success && caller_device_ != device) {
      entered_ = R::set_device(device);
      switched_ = entered_ == R::success;
    }
  }
  ~call_scope() {
    if (switched_) (void)R::set_device(caller_device_);
  }
  call_scope(const call_scope&) = delete;
  call_scope& operator=(const call_scope&) = delete;

  /// Whether the device could be made current.
  typename R::error entered() const { return entered_; }

  /// Turns the error of a vendor call into a status and a sentence. The vendor keeps the error as the thread's last
  /// one: it is drained, because it is reported here, unless the caller had one pending, which stays the caller's.
  nsameta_status check(typename R::error error, const char* what, failure_text* why) const {
    if (error == R::success) return NSAMETA_OK;
    if (caller_error_ == R::success) (void)R::clear_error();
    std::snprintf(why->text, sizeof why->text, "%s failed: %s", what, R::error_text(error));
    return R::is_out_of_memory(error) ? NSAMETA_OUT_OF_MEMORY : NSAMETA_DEVICE_ERROR;
  }

 private:
  typename R::error caller_error_;
  typename R::error entered_;
  int caller_device_ = 0;
  bool switched_ = false;
};

/// Runs one vendor call with `device` current.
template <device_runtime R, class Call>
nsameta_status call_on(std::int32_t device, const char* what, failure_text* why, Call call) {
  const call_scope<R> scope(device);
  if (scope.entered() != R::success) return scope.check(scope.entered(), "making the device current", why);
  return scope.check(call(), what, why);
}

}  // namespace nsameta::gpu
