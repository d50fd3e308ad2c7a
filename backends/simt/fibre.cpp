#include "simt/fibre.h"

#include <memory>

#include <boost/context/fixedsize_stack.hpp>
#include <boost/context/preallocated.hpp>

namespace nsameta::simt {

fibre::fibre(std::size_t stack_bytes, function run, void* argument) {
  // From malloc, so that under AddressSanitizer an overflow runs into a red zone.
  boost::context::fixedsize_stack allocator(stack_bytes);
  const boost::context::stack_context stack = allocator.allocate();
  stack_ = {static_cast<std::byte*>(stack.sp) - stack.size, stack.size};
  context_ = boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
                                   allocator, [this, run, argument](boost::context::fiber&& left) {
                                     entered(std::move(left));
                                     run(argument);
                                     return leave_for_good();
                                   });
}

boost::context::fiber fibre::leave_for_good() {
  fibre& home = *entered_from_;
  home.entered_from_ = this;
  sanitizer::begin_switch(nullptr, home.stack_);
  return std::move(home.context_);
}

}  // namespace nsameta::simt
