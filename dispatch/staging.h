/// Staged execution: a forced backend works on copies, because its device does not reach the buffers.
#pragma once

#include "select.h"

namespace nsameta {

/// Copies inputs and the outputs' old contents in, fills, copies the outputs back; done on return, in the order of
/// `stream`. `owner` is the ready backend whose memory and stream the buffers are with, null for plain host memory.
/// Refused with NSAMETA_CAPTURE_REFUSED while the stream is captured. Nothing is leaked, whatever fails.
///
/// The outputs are copied back last, one after another: on any failure before that they are untouched. Into host memory
/// no copy fails; if one into an owner's does, the sentence names the output, those before it in nsameta_outputs are
/// complete, and those after it untouched.
nsameta_status fill_staged(const selection& chosen, const backend_record* owner, launch_place owner_place,
                           const nsameta_problem& problem, const nsameta_outputs& outputs);

}  // namespace nsameta
