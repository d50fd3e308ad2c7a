#include "ranks.h"

#include <cstdlib>

#include <mpi.h>

namespace sharded {

ranks::ranks(int* count, char*** arguments) {
  MPI_Init(count, arguments);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm host;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_rank(host, &place_on_host_);
  MPI_Comm_size(host, &on_host_);
  MPI_Comm_free(&host);
}

ranks::~ranks() { MPI_Finalize(); }

std::vector<ints> ranks::gather(const ints& own) const {
  const int count = static_cast<int>(own.size());
  std::vector<int> counts(size_), starts(size_);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, MPI_COMM_WORLD);
  int total = 0;
  for (int i = 0; i < size_; ++i) {
    starts[i] = total;
    total += counts[i];
  }
  ints together(total);
  MPI_Allgatherv(own.data(), count, MPI_INT32_T, together.data(), counts.data(), starts.data(), MPI_INT32_T,
                 MPI_COMM_WORLD);
  std::vector<ints> each(size_);
  for (int i = 0; i < size_; ++i)
    each[i].assign(together.begin() + starts[i], together.begin() + starts[i] + counts[i]);
  return each;
}

void ranks::abort() const {
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

}  // namespace sharded
