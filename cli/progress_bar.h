/// How far a long run has come.
#pragma once

#include <chrono>

namespace nsameta::cli {

/// A bar on standard error with the time that is left, when that is a terminal; drawn once a second or percent. It is
/// wiped out when it goes.
class progress_bar {
 public:
  progress_bar();
  ~progress_bar();
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  /// `share` of the run is done: 0 to 1.
  void show(double share);

 private:
  using clock = std::chrono::steady_clock;
  bool terminal_;
  int percent_ = -1;
  clock::time_point begin_ = clock::now(), drawn_;
};

}  // namespace nsameta::cli
