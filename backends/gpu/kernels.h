/// The kernels of a GPU backend: one source, built per variant and per kind of work.
#pragma once

#include <cstddef>

#include "gpu/arguments.h"

namespace nsameta::gpu {

/// What selection chooses from.
struct variant {
  const char* name;
  int block_threads;  ///< a multiple of every warp width
};

inline constexpr variant variants[] = {{"block256", 256}, {"block512", 512}};

/// Names alone, null-terminated, as backend_interface wants them.
inline constexpr const char* variant_names[] = {variants[0].name, variants[1].name, nullptr};

/// The kinds of work that get code of their own, so that each pays only for what it does.
struct work_kind {
  bool narrow;   ///< no shard, no pools, nothing past int32: see is_narrow()
  int max_sets;  ///< sets of outputs
};

inline constexpr work_kind work_kinds[] = {
    {true, 1}, {true, NSAMETA_SETS_PER_LAUNCH}, {false, 1}, {false, NSAMETA_SETS_PER_LAUNCH}};
inline constexpr int work_kind_count = sizeof work_kinds / sizeof work_kinds[0];

struct kernel {
  int block_threads;
  work_kind work;
};

/// Threads that a multiprocessor should hold at least, which limits the registers of each: page tables are copied at
/// the memory's speed only by many.
inline constexpr int resident_threads = 1024;

inline constexpr int kernel_count = sizeof variants / sizeof variants[0] * work_kind_count;

/// Kernel `index` of a backend.
constexpr kernel kernel_at(int index) {
  return {variants[index / work_kind_count].block_threads, work_kinds[index % work_kind_count]};
}

/// The same as a constant, which device code can name.
template <int index>
inline constexpr kernel kernel_of = kernel_at(index);

/// Bytes of a kernel's parameters.
constexpr std::size_t arguments_size(int index) {
  return kernel_at(index).work.max_sets == 1 ? sizeof(fill_arguments<1>)
                                             : sizeof(fill_arguments<NSAMETA_SETS_PER_LAUNCH>);
}

/// The index of a variant's kernel for the work at hand.
constexpr int kernel_for(int variant, bool narrow, std::int64_t sets) {
  return variant * work_kind_count + (narrow ? 0 : 2) + (sets > 1 ? 1 : 0);
}

}  // namespace nsameta::gpu
