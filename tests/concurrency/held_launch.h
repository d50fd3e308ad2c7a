/// How a test stops a launch of the stand-in module halfway.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace nsameta {

enum class held_launch : int {
  none,    ///< launches run; a held one goes on
  wanted,  ///< the next launch is to be held
  held     ///< one waits
};

/// Not std::atomic's own wait, which does not hear of what another shared object notifies.
inline void wait_while(const std::atomic<held_launch>& state, held_launch is) {
  while (state == is) std::this_thread::sleep_for(std::chrono::microseconds(100));
}

}  // namespace nsameta

extern "C" __attribute__((visibility("default"))) std::atomic<nsameta::held_launch>* nsameta_test_hold();
