/// The lanes of the running blocks: one fibre each, switching only at collectives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "simt/collective.h"
#include "simt/fibre.h"

namespace nsameta::simt {

/// What memory holds that nobody wrote, so that a read of it shows: as an int32 it is negative and large.
inline constexpr int poison = 0xa5;

/// Lanes that wait for each other: a warp, the block at a barrier, or all blocks of the cluster.
struct meeting {
  int first = 0;  ///< of the members' neighbouring places in the order of waking
  int members = 0, arrived = 0;
  unsigned round = 0;
  collective_call call{};
};

/// A block's meeting, and its shared memory, which is poisoned before its lanes begin and when the last one has ended.
struct block_state : meeting {
  int unfinished = 0;  ///< lanes
  std::byte* shared = nullptr;
};

/// A warp's meeting, and what its lanes bring there. Values alternate between two places: a fast lane deposits the next
/// one while slow lanes still read.
struct warp : meeting {
  static constexpr int max_width = 64;
  static constexpr std::size_t max_value_bytes = 128;
  std::uint64_t votes[2] = {};
  std::uint32_t sums[2] = {};
  alignas(64) std::byte values[2][max_width * max_value_bytes];
};

/// One per OS thread, made at its first launch and kept until it ends, so that a launch allocates nothing.
class team {
 public:
  /// A lane of the running blocks.
  struct member {
    member(team& owner, std::size_t stack_bytes);
    team& owner;
    int block = 0;   ///< of the grid
    int rank = 0;    ///< of the block in its cluster
    int thread = 0;  ///< of the block
    int place = 0;   ///< in the order of waking
    block_state* its_block = nullptr;
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

  /// Blocks that run together, from number `first_block` of the grid on.
  struct cluster_shape {
    int first_block, blocks;
    int threads, warp_width;   ///< of a block, of a warp
    std::size_t shared_bytes;  ///< of each block
  };

  static team& of_this_thread();
  team() = default;
  ~team();

  /// Runs the blocks to their end. Returns what the kernel did wrong and in which block, empty if nothing. Every lane
  /// has ended then, or been unwound.
  std::string run_cluster(const cluster_shape& shape, lane_body body);
  /// Blocks that run.
  int cluster_size() const { return shape_.blocks; }

  // Called on a lane's fibre. What they throw ends the lane: kernels let it pass.

  /// Waits for the other lanes of all blocks that run.
  void meet_cluster(member& self, const collective_call& call);
  /// Waits for the other lanes of the block.
  void meet_block(member& self, const collective_call& call);
  /// Waits for the other lanes of the warp.
  void meet_warp(member& self, const collective_call& call);
  /// Waits for the other lanes of the warp; returns one bit a lane.
  std::uint64_t vote(member& self, bool value, const collective_call& call);
  /// Waits for the other lanes of the warp; returns the sum of their numbers, modulo 2^32.
  std::uint32_t add(member& self, std::uint32_t number, const collective_call& call);
  /// Where the block of that rank has what this lane's block has at `own`, which is in its shared memory.
  std::byte* shared_of(const member& self, std::byte* own, int rank);
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
  [[noreturn]] static void abandon();
  void wake(const meeting& group, const member* except);
  void prepare();
  void unwind_unfinished();
  fibre& next_ready();

  fibre home_;  ///< the launching thread's own stack
  std::deque<member> members_;
  std::deque<warp> warps_;
  std::deque<block_state> blocks_;
  meeting cluster_;
  std::vector<cache_line> shared_memory_;  ///< of all blocks
  cluster_shape shape_{};
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
