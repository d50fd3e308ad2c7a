/// The simt backend: its table.
#include "backends.h"
#include "gpu/module.h"
#include "simt/runtime.h"

namespace nsameta {

static_assert(gpu::device_runtime<simt::runtime>);

const backend_interface& simt_backend() { return gpu::module<simt::runtime>(); }

}  // namespace nsameta
