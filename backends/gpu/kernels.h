/// The kernels of a GPU backend: types, in one list that cuda, hip and simt each instantiate. A block waits for
/// instructions that it has not run before as it waits for memory: what a fill does not need should be neither in its
/// kernel nor in its arguments. So the short-rows kernels exist for lengths alone, for all vectors, and for vectors and
/// page tables.
#pragma once

#include "gpu/general.h"
#include "gpu/padding.h"

namespace nsameta::gpu {

// A kernel is a type:
//   arguments                     what it is launched with, by value; at most the 4 KB that every vendor takes
//   shared                        shared memory of a block, uninitialised
//   block_threads                 threads of a block, a multiple of every warp width
//   resident_threads              that a multiprocessor should hold at least, which limits the registers of each (CUDA)
//   run(self, arguments, shared)  what each thread does

struct short_rows_kernel {
  static constexpr int block_threads = tuning::block_threads, resident_threads = tuning::resident_threads;
};

/// seqlens_expanded and nsa_cache_seqlens of one set, as many rows for each request.
struct uniform_lengths_kernel : short_rows_kernel {
  using arguments = vector_arguments;
  struct shared {};
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared&) {
    self.await_earlier_kernels();
    write_uniform_lengths(self, all.batch, all.set);
  }
};

/// Vectors of one set: the two lengths, or all.
template <bool lengths_only>
struct vectors_kernel : short_rows_kernel {
  using arguments = vector_arguments;
  using shared = short_memory;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    self.await_earlier_kernels();
    write_vectors<lengths_only>(self, all.batch, all.set, self.block(), memory);
  }
};

/// Vectors and page tables.
template <int max_sets>
struct tables_kernel : short_rows_kernel {
  using arguments = table_arguments<max_sets>;
  static_assert(sizeof(arguments) <= 4096);
  using shared = short_memory;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    self.await_earlier_kernels();
    const short_set& set = all.sets[max_sets == 1 ? 0 : self.set()];
    const int table_block = self.block() - all.batch.vector_blocks;
    if (table_block < 0)
      write_vectors<false>(self, all.batch, set, self.block(), memory);
    else
      write_tables<false>(self, table_block, all.batch, all.source, set, {}, memory);
  }
};

/// The same, and tails, the status word, long rows and very many requests.
struct padded_kernel : short_rows_kernel {
  using arguments = padded_arguments<NSAMETA_SETS_PER_LAUNCH>;
  static_assert(sizeof(arguments) <= 4096);
  using shared = padded_memory;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    self.await_earlier_kernels();
    const short_set& set = all.sets[self.set()];
    const padding& pad = all.paddings[self.set()];
    int block = self.block();
    if (block < all.batch.vector_blocks)
      return all.lengths_only ? write_padded_vectors<true>(self, all.batch, set, block, all, memory)
                              : write_padded_vectors<false>(self, all.batch, set, block, all, memory);
    block -= all.batch.vector_blocks;
    if (block < all.source.blocks) return write_tables<true>(self, block, all.batch, all.source, set, pad, memory);
    block -= all.source.blocks;
    if (block < all.tail_blocks) {
      if (pad.vector_tail) write_tails(self, all.batch, set, block, all.tail_blocks, memory);
    } else if (pad.status != nullptr) {
      write_status(self, all.batch, all.source, set, pad.status, memory);
    }
  }
};

/// Everything, of batches of every kind.
template <int max_sets>
struct general_kernel {
  using arguments = general_arguments<max_sets>;
  static_assert(sizeof(arguments) <= 4096);
  using shared = general_memory;
  static constexpr int block_threads = tuning::block_threads, resident_threads = tuning::general_threads;
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

using kernels = type_list<uniform_lengths_kernel, vectors_kernel<true>, vectors_kernel<false>, tables_kernel<1>,
                          tables_kernel<NSAMETA_SETS_PER_LAUNCH>, padded_kernel, general_kernel<1>,
                          general_kernel<NSAMETA_SETS_PER_LAUNCH>>;

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
