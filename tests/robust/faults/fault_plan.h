/// Which vendor call is to fail, and what the vendor calls left behind. The tests make their calls from one thread.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>

#include "gpu/kernels.h"

namespace nsameta::test {

/// What fails, and how.
struct fault {
  bool out_of_memory = false;  ///< else an error of the device
  bool lasting = false;        ///< every call after it fails too
};

/// Things made and not yet released.
struct live_things {
  std::int64_t memory = 0, streams = 0, graphs = 0;
  bool operator==(const live_things&) const = default;
};

struct fault_plan {
  fault kind;
  int number = 0;  ///< of the call that fails, from 1; 0: none
  int caller_device = 0;

  int calls = 0;             ///< since arm()
  int failed = 0;            ///< of these
  std::string first_failed;  ///< name in the concept; "restore" for the way back to the caller's device
  std::string after_first;   ///< the name of the call after that one
  live_things live;
  std::bitset<gpu::kernel_count> launched;  ///< kernels that any call launched

  void arm(int call_number, fault what, int home) {
    kind = what;
    number = call_number;
    caller_device = home;
    calls = failed = 0;
    first_failed.clear();
    after_first.clear();
  }
  void disarm() { number = 0; }

  /// Counts a vendor call and says whether it fails.
  bool strikes(const char* name) {
    if (number == 0) return false;
    ++calls;
    if (failed > 0 && after_first.empty()) after_first = name;
    if (calls != number && !(kind.lasting && calls > number)) return false;
    if (failed++ == 0) first_failed = name;
    return true;
  }
};

inline fault_plan plan;

}  // namespace nsameta::test
