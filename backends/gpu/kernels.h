/// The kernels of a GPU backend: types, in one list that cuda, hip and simt each instantiate. A block waits for
/// instructions that it has not run before as it waits for memory: what a fill does not need should be neither in its
/// kernel nor in its arguments. So the short-rows kernels exist for lengths alone, for all vectors, and for vectors and
/// page tables.
#pragma once

#include "gpu/general.h"
#include "gpu/short_tables.h"
#include "gpu/short_vectors.h"

namespace nsameta::gpu {

// A kernel is a type:
//   arguments                     what it is launched with, by value; at most the 4 KB that every vendor takes
//   shared                        shared memory of a block, uninitialised
//   block_threads                 threads of a block, a multiple of every warp width
//   run(self, arguments, shared)  what each thread does

/// seqlens_expanded and nsa_cache_seqlens, as many rows for each request.
struct uniform_lengths_kernel {
  using arguments = vector_plan;
  struct shared {};
  static constexpr int block_threads = tuning::block_threads;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& plan, shared&) {
    self.await_earlier_kernels();
    write_uniform_lengths(self, plan);
  }
};

/// seqlens_expanded and nsa_cache_seqlens.
struct lengths_kernel {
  using arguments = vector_plan;
  using shared = short_memory;
  static constexpr int block_threads = tuning::block_threads;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& plan, shared& memory) {
    self.await_earlier_kernels();
    write_vectors<true>(self, plan, memory);
  }
};

/// All vectors.
struct vectors_kernel {
  using arguments = vector_plan;
  using shared = short_memory;
  static constexpr int block_threads = tuning::block_threads;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& plan, shared& memory) {
    self.await_earlier_kernels();
    write_vectors<false>(self, plan, memory);
  }
};

/// Vectors and page tables, of one set of outputs or of several.
template <int max_sets>
struct tables_kernel {
  struct arguments {
    short_plan plans[max_sets];
  };
  static_assert(sizeof(arguments) <= 4096);
  using shared = short_memory;
  static constexpr int block_threads = tuning::block_threads;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    self.await_earlier_kernels();
    const short_plan& plan = all.plans[max_sets == 1 ? 0 : self.set()];
    const int table_block = self.block() - plan.vectors.blocks;
    if (table_block < 0)
      write_vectors<false>(self, plan, memory);
    else if (table_block < plan.tables.blocks)
      write_tables(self, table_block, plan, memory);
  }
};

/// Everything, of one set of outputs or of several.
template <int max_sets>
struct general_kernel {
  using arguments = general_arguments<max_sets>;
  static_assert(sizeof(arguments) <= 4096);
  using shared = general_memory;
  static constexpr int block_threads = tuning::block_threads;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    self.await_earlier_kernels();
    const int set = max_sets == 1 ? 0 : self.set();
    if (all.is_plain)
      general_block<plain_rule, T>(self, all.problem, all.outputs[set], all.lengths, plain_rule::of(all.problem),
                                   memory)
          .run(all.tasks[set]);
    else
      general_block<general_rule, T>(self, all.problem, all.outputs[set], all.lengths, general_rule{all.constants},
                                     memory)
          .run(all.tasks[set]);
  }
};

template <class... K>
struct type_list {};

using kernels =
    type_list<uniform_lengths_kernel, lengths_kernel, vectors_kernel, tables_kernel<1>,
              tables_kernel<NSAMETA_SETS_PER_LAUNCH>, general_kernel<1>, general_kernel<NSAMETA_SETS_PER_LAUNCH>>;

template <class... K>
constexpr int count_of(type_list<K...>) {
  return sizeof...(K);
}
inline constexpr int kernel_count = count_of(kernels{});

template <class Wanted, class... K>
constexpr int place_in(type_list<K...>) {
  constexpr bool is_wanted[] = {std::is_same_v<Wanted, K>...};
  int place = 0;
  while (!is_wanted[place]) ++place;
  return place;
}
/// By which a runtime knows a kernel: its place in the list.
template <class K>
inline constexpr int kernel_id = place_in<K>(kernels{});

}  // namespace nsameta::gpu
