/// The lanes of a running block: one fibre each, switching only at collectives.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <source_location>
#include <string>
#include <vector>

#include "simt/fibre.h"

namespace nsameta::simt {

enum class collective { barrier, sync_warp, shuffle_up, shuffle, ballot };

/// What a lane calls, and from where. All lanes that meet must make the same call at the same place in the source:
/// hardware promises nothing else.
struct collective_call {
  collective kind;
  std::size_t value_bytes;
  std::source_location site;
};

/// Lanes that wait for each other: a warp, or the block at a barrier.
struct meeting {
  int first = 0, members = 0, arrived = 0;
  unsigned round = 0;
  collective_call call{};
};

/// A warp's meeting, and what its lanes bring there. Values alternate between two places: a fast lane deposits the next
/// one while slow lanes still read.
struct warp : meeting {
  static constexpr int max_width = 64;
  static constexpr std::size_t max_value_bytes = 128;
  std::uint64_t votes[2] = {};
  alignas(64) std::byte values[2][max_width * max_value_bytes];
};

/// One per OS thread, made at its first launch and kept until it ends, so that a launch allocates nothing.
class team {
 public:
  static constexpr int max_threads = 1024;

  /// A lane of the running block.
  struct member {
    member(team& owner, int thread, std::size_t stack_bytes);
    team& owner;
    const int thread;
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

  static team& of_this_thread();
  team() = default;
  ~team();

  /// Runs one block to its end. Returns what the kernel did wrong, empty if nothing: then every lane has been unwound.
  std::string run_block(int threads, int warp_width, lane_body body);

  /// Shared memory of a block, cache-line aligned, valid until a larger one is asked for.
  void* shared_memory(std::size_t bytes);

  // Called on a lane's fibre. What they throw ends the lane: kernels let it pass.

  /// Waits for the other lanes of the block.
  void meet_block(member& self, const collective_call& call);
  /// Waits for the other lanes of the warp.
  void meet_warp(member& self, const collective_call& call);
  /// Waits for the other lanes of the warp; returns one bit a lane.
  std::uint64_t vote(member& self, bool value, const collective_call& call);
  /// Ends the launch with an error.
  [[noreturn]] void fail(std::string what);

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
  void prepare(int threads, int warp_width);
  void unwind_unfinished();
  fibre& next_ready();

  fibre home_;  ///< the launching thread's own stack
  std::deque<member> members_;
  std::deque<warp> warps_;
  std::vector<cache_line> shared_memory_;
  meeting block_;
  /// Lanes that can go on. A stack, so that a warp runs on while its memory is in the cache, up to the next barrier.
  std::array<member*, max_threads> ready_;
  std::size_t ready_count_ = 0;
  lane_body body_{};
  int unfinished_ = 0;
  bool backwards_ = false;
  bool closing_ = false;
  std::string failure_;
};

}  // namespace nsameta::simt
