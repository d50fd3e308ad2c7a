#include <string>

#include "backend.h"
#include "backends.h"
#include "loader.h"
#include "registry.h"

#ifndef NSAMETA_MODULES_MADE_IN
#define NSAMETA_MODULES_MADE_IN ""
#endif

namespace nsameta {

backend_openers built_in_openers() {
  const auto linked = [](const backend_interface& (*table)()) {
    return [table] { return opened_backend{&table(), NSAMETA_BACKEND_READY, ""}; };
  };
  const auto module = [](const char* name, bool built, const char* why_not) {
    return [=] { return open_module(name, built ? "" : why_not, module_search_places(NSAMETA_MODULES_MADE_IN)); };
  };
  return {
      linked(reference_backend), linked(cpu_backend), module("simt", NSAMETA_BUILT_SIMT != 0, NSAMETA_WHY_NOT_SIMT),
#if NSAMETA_LINKED_CUDA
      linked(cuda_backend),
#else
      module("cuda", NSAMETA_BUILT_CUDA != 0, NSAMETA_WHY_NOT_CUDA),
#endif
#if NSAMETA_LINKED_HIP
      linked(hip_backend),
#else
      module("hip", NSAMETA_BUILT_HIP != 0, NSAMETA_WHY_NOT_HIP),
#endif
  };
}

}  // namespace nsameta
