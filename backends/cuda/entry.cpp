/// The CUDA module's only exported function, which the loader looks up.
#include "backends.h"

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry_v1() {
  return &nsameta::cuda_backend();
}
