/// The backends and the kinds of device, each written once.
#pragma once

#include <array>

#include "nsameta/nsameta.h"

namespace nsameta {

/// The name of each nsameta_device_kind.
inline constexpr std::array device_kind_names{"auto", "host", "cuda", "hip", "simt"};

struct backend_identity {
  const char* name;
  nsameta_device_kind kind;  ///< of the targets it serves
  bool has_driver;           ///< of a vendor, with memory of its devices' own, which stays with the parent of a fork
};

/// In selection order.
inline constexpr backend_identity all_backends[] = {{"reference", NSAMETA_DEVICE_HOST, false},
                                                    {"cpu", NSAMETA_DEVICE_HOST, false},
                                                    {"simt", NSAMETA_DEVICE_SIMT, false},
                                                    {"cuda", NSAMETA_DEVICE_CUDA, true},
                                                    {"hip", NSAMETA_DEVICE_HIP, true}};

struct backend_interface;

// Their tables, of static lifetime. `reference` and `cpu` are linked in. The others hand theirs out as modules; tests,
// and static builds, link them in.
const backend_interface& reference_backend();
const backend_interface& cpu_backend();
const backend_interface& simt_backend();
const backend_interface& cuda_backend();
const backend_interface& hip_backend();

}  // namespace nsameta
