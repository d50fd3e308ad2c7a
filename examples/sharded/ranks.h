/// What MPI is used for: who there is, and everybody's values to everybody.
#pragma once

#include "batch.h"

namespace sharded {

class ranks {
 public:
  ranks(int* count, char*** arguments);
  ~ranks();
  ranks(const ranks&) = delete;
  ranks& operator=(const ranks&) = delete;

  int size() const { return size_; }
  int rank() const { return rank_; }
  int place_on_host() const { return place_on_host_; }  ///< the rank among those of this machine
  int on_host() const { return on_host_; }
  /// Each rank's values, of any number.
  std::vector<ints> gather(const ints& own) const;
  /// Ends all ranks.
  [[noreturn]] void abort() const;

 private:
  int size_ = 0, rank_ = 0, place_on_host_ = 0, on_host_ = 0;
};

}  // namespace sharded
