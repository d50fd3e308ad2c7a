/// What a backend owes its caller around vendor calls: the current device and the pending error stay as they were.
#pragma once

#include <cstdio>

#include "gpu/runtime.h"

namespace nsameta::gpu {

/// The status that an error of the vendor becomes.
template <device_runtime R>
nsameta_status status_of(typename R::error error) {
  if (error == R::success) return NSAMETA_OK;
  return R::is_out_of_memory(error) ? NSAMETA_OUT_OF_MEMORY : NSAMETA_DEVICE_ERROR;
}

/// Runs a vendor call that concerns no current device; its error is drained unless the caller had one pending.
template <device_runtime R, class Call>
typename R::error ask(Call call) {
  const auto pending = R::pending_error();
  const auto error = call();
  if (error != R::success && pending == R::success) (void)R::clear_error();
  return error;
}

/// Makes `device` current for a scope. The switch is skipped when it is current already, which on the hot path costs
/// two thread-local reads.
template <device_runtime R>
class call_scope {
 public:
  explicit call_scope(std::int32_t device) : caller_error_(R::pending_error()) {
    entered_ = R::get_device(caller_device_);
    if (entered_ == R::success && caller_device_ != device) {
      switched_ = true;  // also if it fails: vendors may have switched by then
      entered_ = R::set_device(device);
    }
  }
  ~call_scope() { (void)leave(); }
  call_scope(const call_scope&) = delete;
  call_scope& operator=(const call_scope&) = delete;

  /// Whether the device could be made current.
  typename R::error entered() const { return entered_; }

  /// Makes the caller's device current again. What fails once may pass the second time: vendors hand out errors of
  /// earlier work from any call.
  typename R::error leave() {
    if (!switched_) return R::success;
    switched_ = false;
    const auto first = R::set_device(caller_device_);
    if (first == R::success) return first;
    drain();
    const auto second = R::set_device(caller_device_);
    if (second != R::success) drain();
    return second;
  }

  /// The vendor keeps an error as the thread's last one: it is drained, because it is reported here, unless the caller
  /// had one pending. Then one stays pending; vendors hold only the latest.
  void drain() const {
    if (caller_error_ == R::success) (void)R::clear_error();
  }

  /// Turns the error of a vendor call into a status and a sentence.
  nsameta_status check(typename R::error error, const char* what, failure_text* why) const {
    if (error == R::success) return NSAMETA_OK;
    drain();
    std::snprintf(why->text, sizeof why->text, "%s failed: %s", what, R::error_text(error));
    return status_of<R>(error);
  }

 private:
  typename R::error caller_error_;
  typename R::error entered_;
  int caller_device_ = 0;
  bool switched_ = false;
};

/// Runs vendor calls in a scope, and leaves it.
template <device_runtime R, class Call>
nsameta_status call_in(call_scope<R>& scope, const char* what, failure_text* why, Call call) {
  const nsameta_status status = scope.check(call(), what, why);
  const auto left = scope.leave();
  if (status != NSAMETA_OK || left == R::success) [[likely]]
    return status;
  return scope.check(left, "making the caller's device current again", why);
}

/// Runs vendor calls with `device` current.
template <device_runtime R, class Call>
nsameta_status call_on(std::int32_t device, const char* what, failure_text* why, Call call) {
  call_scope<R> scope(device);
  if (scope.entered() != R::success) return scope.check(scope.entered(), "making the device current", why);
  return call_in(scope, what, why, call);
}

/// The same for a release, which goes ahead where the device cannot be made current, so that nothing is leaked: vendors
/// release on any device, but may make a context on the one that is current.
template <device_runtime R, class Call>
nsameta_status release_on(std::int32_t device, const char* what, failure_text* why, Call call) {
  call_scope<R> scope(device);
  if (scope.entered() != R::success) scope.drain();
  return call_in(scope, what, why, call);
}

/// The same for a call that makes something, which nobody gets, and `unmake` releases, if the call fails after all.
template <device_runtime R, class Make, class Unmake>
nsameta_status make_on(std::int32_t device, const char* what, failure_text* why, void** out, Make make, Unmake unmake) {
  void* made = nullptr;
  bool is_made = false;
  const nsameta_status status = call_on<R>(device, what, why, [&] {
    const auto error = make(made);
    is_made = error == R::success;
    return error;
  });
  if (status == NSAMETA_OK) {
    *out = made;
  } else if (is_made) {
    (void)ask<R>([&] { return unmake(made); });  // vendors release on any device
  }
  return status;
}

}  // namespace nsameta::gpu
