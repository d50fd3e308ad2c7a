#include "simt/fibre.h"

namespace nsameta::simt {

// The stack is from the heap, so that under AddressSanitizer an overflow runs into a red zone.
fibre::fibre(std::size_t stack_bytes, function run, void* argument)
    : memory_(new std::byte[stack_bytes]), stack_{memory_.get(), stack_bytes}, run_(run), argument_(argument) {
  context_ = boost::context::detail::make_fcontext(memory_.get() + stack_bytes, stack_bytes, live);
}

void fibre::live(boost::context::detail::transfer_t left) {
  fibre& self = *static_cast<fibre*>(left.data);
  self.entered(left);
  self.run_(self.argument_);
  fibre& home = *self.entered_from_;
  home.entered_from_ = &self;
  sanitizer::begin_switch(nullptr, home.stack_);
  boost::context::detail::jump_fcontext(home.context_, &home);
}

}  // namespace nsameta::simt
