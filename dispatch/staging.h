/// Staged execution: a forced backend works on copies, because its device does not reach the buffers.
#pragma once

#include "select.h"

namespace nsameta {

/// Copies inputs and the outputs' old contents in, fills, copies the outputs back; done on return, in the order of
/// `stream`. `owner` is the ready backend whose memory and stream the buffers are with, null for plain host memory.
/// Refused with NSAMETA_CAPTURE_REFUSED while the stream is captured. On any failure before the copy back the outputs
/// are untouched, and nothing is leaked.
nsameta_status fill_staged(const selection& chosen, const backend_record* owner, launch_place owner_place,
                           const nsameta_problem& problem, const nsameta_outputs& outputs);

}  // namespace nsameta
