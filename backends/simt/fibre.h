/// A stack that its OS thread can switch to and from.
#pragma once

#include <cstddef>
#include <memory>

#include <boost/context/detail/fcontext.hpp>

#include "simt/sanitizer.h"

namespace nsameta::simt {

/// Never moved, and used by one OS thread only. Fibres switch to each other directly, with no scheduler between. By
/// Boost's bare switch: what boost::context::fiber adds is a third of a switch's time under AddressSanitizer.
class fibre {
 public:
  using function = void (*)(void* argument);

  /// The stack that the calling thread already runs on.
  fibre() = default;
  /// A stack of its own, which runs `run(argument)` when it is first switched to, and which must have returned from it
  /// before the fibre dies. Control then goes to the fibre that switched to it last. `run` throws nothing.
  fibre(std::size_t stack_bytes, function run, void* argument);
  fibre(const fibre&) = delete;
  fibre& operator=(const fibre&) = delete;

  /// Leaves this fibre, which must be the running one, for `next`; returns when another fibre switches back. Inline,
  /// because a processor mispredicts the returns that follow a switch.
  void switch_to(fibre& next) {
    next.entered_from_ = this;
    sanitizer::begin_switch(&sanitizer_save_, next.stack_);
    entered(boost::context::detail::jump_fcontext(next.context_, &next));
  }

 private:
  void entered(boost::context::detail::transfer_t left) {
    sanitizer::end_switch(sanitizer_save_, entered_from_->stack_);
    entered_from_->context_ = left.fctx;
  }
  static void live(boost::context::detail::transfer_t left);

  boost::context::detail::fcontext_t context_ = nullptr;  ///< where to go on; of no use while running and after the end
  fibre* entered_from_ = nullptr;
  void* sanitizer_save_ = nullptr;
  std::unique_ptr<std::byte[]> memory_;  ///< of the stack, if it is its own
  sanitizer::stack_range stack_;
  function run_ = nullptr;
  void* argument_ = nullptr;
};

}  // namespace nsameta::simt
