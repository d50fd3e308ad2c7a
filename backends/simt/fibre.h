/// A stack that its OS thread can switch to and from.
#pragma once

#include <cstddef>
#include <utility>

#include <boost/context/fiber.hpp>

#include "simt/sanitizer.h"

namespace nsameta::simt {

/// Never moved, and used by one OS thread only. Fibres switch to each other directly, with no scheduler between.
class fibre {
 public:
  using function = void (*)(void* argument);

  /// The stack that the calling thread already runs on.
  fibre() = default;
  /// A stack of its own, which runs `run(argument)` when it is first switched to, and which must have returned from it
  /// before the fibre dies. Control then goes to the fibre that switched to it last.
  fibre(std::size_t stack_bytes, function run, void* argument);
  fibre(const fibre&) = delete;
  fibre& operator=(const fibre&) = delete;

  /// Leaves this fibre, which must be the running one, for `next`; returns when another fibre switches back. Inline,
  /// because a processor mispredicts the returns that follow a switch.
  void switch_to(fibre& next) {
    next.entered_from_ = this;
    sanitizer::begin_switch(&sanitizer_save_, next.stack_);
    boost::context::fiber left = std::move(next.context_).resume();
    entered(std::move(left));
  }

 private:
  void entered(boost::context::fiber left) {
    sanitizer::end_switch(sanitizer_save_, entered_from_->stack_);
    entered_from_->context_ = std::move(left);
  }
  boost::context::fiber leave_for_good();

  boost::context::fiber context_;  ///< where to go on; empty while running and after the end
  fibre* entered_from_ = nullptr;
  void* sanitizer_save_ = nullptr;
  sanitizer::stack_range stack_;
};

}  // namespace nsameta::simt
