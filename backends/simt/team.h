/// The lanes of the running block: one fibre each, switching only at collectives.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <source_location>
#include <string>
#include <vector>

#include "simt/fibre.h"

namespace nsameta::simt {

/// What memory holds that nobody wrote, so that a read of it shows: as an int32 it is negative and large.
inline constexpr int poison = 0xa5;

/// The calls at which lanes meet.
enum class collective { barrier, shuffle_up, shuffle, ballot, sum };

/// What a lane calls, and from where. All lanes that meet must make the same call at the same place in the source:
/// hardware promises nothing else.
struct collective_call {
  collective kind;
  std::size_t value_bytes;
  std::source_location site;
};

inline bool same_call(const collective_call& a, const collective_call& b) {
  if (a.kind != b.kind || a.value_bytes != b.value_bytes) return false;
  // A site is a pointer to what describes the place: equal ones need no look at it, and nearly all are.
  return std::bit_cast<const void*>(a.site) == std::bit_cast<const void*>(b.site) ||
         (a.site.line() == b.site.line() && a.site.column() == b.site.column());
}

/// Lanes that wait for each other: a warp, or the block at a barrier.
struct meeting {
  int first = 0;  ///< of the members' neighbouring places in the order of waking
  int members = 0, arrived = 0;
  unsigned round = 0;
  collective_call call{};
};

/// A warp's meeting, and what its lanes bring there. Values alternate between two places: a fast lane deposits the next
/// one while slow lanes still read.
struct warp : meeting {
  static constexpr int max_width = 64;
  static constexpr std::size_t max_value_bytes = 128;
  std::uint64_t sums[2] = {};
  alignas(64) std::byte values[2][max_width * max_value_bytes];
};

/// One per OS thread, made at its first launch and kept until it ends, so that a launch allocates nothing.
class team {
 public:
  /// A lane of the running block.
  struct member {
    member(team& owner, std::size_t stack_bytes);
    team& owner;
    int block = 0;   ///< of the grid's row
    int thread = 0;  ///< of the block
    int place = 0;   ///< in the order of waking
    warp* its_warp = nullptr;
    const meeting* waits_at = nullptr;
    bool finished = true;
    fibre stack;
  };

  /// What each lane runs.
  struct lane_body {
    void (*call)(const void* kernel, member& self);
    const void* kernel;
  };

  struct block_shape {
    int block;  ///< of the grid's row
    int threads, warp_width;
    std::size_t shared_bytes;
  };

  static team& of_this_thread();
  team() = default;
  ~team();

  /// Runs a block to its end. Returns what the kernel did wrong and in which block, empty if nothing. Every lane has
  /// ended then, or been unwound.
  std::string run_block(const block_shape& shape, lane_body body);
  /// The block's shared memory, poisoned before its lanes begin.
  std::byte* shared() { return shared_memory_.data()->bytes; }

  // Called on a lane's fibre. What they throw ends the lane: kernels let it pass.

  /// Waits for the other lanes of the block.
  void meet_block(member& self, const collective_call& call);
  /// Waits for the other lanes of the warp.
  void meet_warp(member& self, const collective_call& call);
  /// Waits for the other lanes of the warp; returns the sum of their numbers, modulo 2^64.
  std::uint64_t add(member& self, std::uint64_t number, const collective_call& call);
  /// Ends the launch with an error.
  [[noreturn]] void fail(const member& self, std::string what);

 private:
  struct alignas(64) cache_line {
    std::byte bytes[64];
  };

  static void live(void* self);
  void run_lane(member& self);
  void arrive(member& self, meeting& at, const collective_call& call);
  [[noreturn]] void fail_at_different_calls(const member& self, const collective_call& others,
                                            const collective_call& own);
  void wake(const meeting& group, const member* except);
  void prepare();
  void unwind_unfinished();
  fibre& next_ready();

  fibre home_;  ///< the launching thread's own stack
  std::deque<member> members_;
  std::deque<warp> warps_;
  meeting block_;
  std::vector<cache_line> shared_memory_;
  block_shape shape_{};
  std::vector<member*> waking_;  ///< the order in which lanes that met are put on `ready_`
  /// Lanes that can go on. A stack, so that a warp runs on while its memory is in the cache, up to the next barrier.
  std::vector<member*> ready_;
  std::size_t ready_count_ = 0;
  lane_body body_{};
  int unfinished_ = 0;
  bool backwards_ = false;
  bool closing_ = false;
  std::string failure_;
};

}  // namespace nsameta::simt
