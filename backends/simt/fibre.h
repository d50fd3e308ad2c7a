/// A stack that its OS thread can switch to and from.
#pragma once

#include <cstddef>
#include <memory>

#include <boost/context/detail/fcontext.hpp>

#include "common/sanitizer.h"
#if NSAMETA_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace nsameta::simt {

/// What AddressSanitizer must be told when a thread changes stacks. Empty in other builds.
///
/// ThreadSanitizer is told nothing. To it, all lanes are the OS thread that they run on, which is the truth: races
/// between threads are found as everywhere, and only the outer frames of a report from inside a kernel mean little.
/// With a context of its own for each lane, which it offers, it ends the process at 8,128 of them (eight threads with a
/// block of 1,024 each) and a block takes 20 times as long.
namespace sanitizer {

/// Instrumented frames are larger.
inline constexpr bool active = NSAMETA_ADDRESS_SANITIZER || NSAMETA_THREAD_SANITIZER;

/// The address range of a stack.
struct stack_range {
  const void* bottom = nullptr;  ///< the lowest address
  std::size_t bytes = 0;
};

/// Call right before leaving the current stack for `next`. `saved` keeps what end_switch wants when the stack is
/// entered again; null when it never will be.
inline void begin_switch([[maybe_unused]] void** saved, [[maybe_unused]] stack_range next) {
#if NSAMETA_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(saved, next.bottom, next.bytes);
#endif
}

/// Call first thing on the entered stack. Writes the range of the stack that was left.
inline void end_switch([[maybe_unused]] void* saved, [[maybe_unused]] stack_range& left) {
#if NSAMETA_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(saved, &left.bottom, &left.bytes);
#endif
}

}  // namespace sanitizer

/// Never moved, and used by one OS thread only. Fibres switch to each other directly, with no scheduler between. By
/// Boost's bare switch: what boost::context::fiber adds is a third of a switch's time under AddressSanitizer.
class fibre {
 public:
  using function = void (*)(void* argument);

  /// The stack that the calling thread already runs on.
  fibre() = default;
  /// A stack of its own, which runs `run(argument)` when it is first switched to, and which must have returned from it
  /// before the fibre dies. Control then goes to the fibre that switched to it last. `run` throws nothing.
  fibre(std::size_t stack_bytes, function run, void* argument)
      : memory_(new std::byte[stack_bytes]), stack_{memory_.get(), stack_bytes}, run_(run), argument_(argument) {
    context_ = boost::context::detail::make_fcontext(memory_.get() + stack_bytes, stack_bytes, live);
  }
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
  static void live(boost::context::detail::transfer_t left) {
    fibre& self = *static_cast<fibre*>(left.data);
    self.entered(left);
    self.run_(self.argument_);
    fibre& home = *self.entered_from_;
    home.entered_from_ = &self;
    sanitizer::begin_switch(nullptr, home.stack_);
    boost::context::detail::jump_fcontext(home.context_, &home);
  }

  boost::context::detail::fcontext_t context_ = nullptr;  ///< where to go on; of no use while running and after the end
  fibre* entered_from_ = nullptr;
  void* sanitizer_save_ = nullptr;
  /// Of the stack, if it is its own. From the heap, so that under AddressSanitizer an overflow runs into a red zone.
  std::unique_ptr<std::byte[]> memory_;
  sanitizer::stack_range stack_;
  function run_ = nullptr;
  void* argument_ = nullptr;
};

}  // namespace nsameta::simt
