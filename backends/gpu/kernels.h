/// The kernels of a GPU backend: one source, built per variant and per kind of work.
#pragma once

#include <cstddef>
#include <type_traits>

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

/// How much a kernel can do. Less is faster.
enum class reach {
  uniform_rows,  ///< two_fields of a step_plan, as many rows for each request
  ragged_rows,   ///< two_fields of a step_plan
  vectors,       ///< the vectors of a step_plan
  step,          ///< all of a step_plan
  int64_step,    ///< the same where lengths may be int64
  narrow,        ///< all but shards and pools, while nothing passes int32: see is_narrow()
  general
};

constexpr bool takes_step_plan(reach what) { return what <= reach::int64_step; }

/// The kinds of work that get code of their own, so that each pays only for what it does.
struct work_kind {
  gpu::reach reach;
  int max_sets;  ///< sets of outputs
};

inline constexpr work_kind work_kinds[] = {{reach::uniform_rows, 1},
                                           {reach::ragged_rows, 1},
                                           {reach::vectors, 1},
                                           {reach::step, 1},
                                           {reach::int64_step, 1},
                                           {reach::narrow, 1},
                                           {reach::narrow, NSAMETA_SETS_PER_LAUNCH},
                                           {reach::general, 1},
                                           {reach::general, NSAMETA_SETS_PER_LAUNCH}};
inline constexpr int work_kind_count = sizeof work_kinds / sizeof work_kinds[0];

struct kernel {
  int block_threads;
  work_kind work;
};

/// Blocks of a cluster, at most: what every whole device that has clusters can run together.
inline constexpr int largest_cluster = 8;

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

/// Type of a kernel's parameters. fill_arguments begin with what the kernel of a step takes.
template <int index>
using arguments_of = std::conditional_t<takes_step_plan(kernel_of<index>.work.reach), step_plan,
                                        fill_arguments<kernel_of<index>.work.max_sets>>;

/// Bytes of a kernel's parameters.
constexpr std::size_t arguments_size(int index) {
  const work_kind work = kernel_at(index).work;
  return takes_step_plan(work.reach) ? sizeof(step_plan)
         : work.max_sets == 1        ? sizeof(fill_arguments<1>)
                                     : sizeof(fill_arguments<NSAMETA_SETS_PER_LAUNCH>);
}

/// The index of a variant's kernel for the work at hand.
constexpr int kernel_for(int variant, reach what, std::int64_t sets) {
  int kind = 0;
  while (work_kinds[kind].reach != what || work_kinds[kind].max_sets < sets) ++kind;
  return variant * work_kind_count + kind;
}

}  // namespace nsameta::gpu
