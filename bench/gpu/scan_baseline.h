/// The design that a fill in one launch replaces: a scan of the query lengths, the total read back to size the grid, a
/// binary search a row.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace nsameta::bench {

/// `draft_extend` into the two fields of the original, int32. Device memory throughout; `seq_lens` and
/// `extend_seq_lens` are contiguous and stay the caller's.
class scan_baseline {
 public:
  scan_baseline(const std::int32_t* seq_lens, const std::int32_t* extend_seq_lens, int requests);
  ~scan_baseline();
  scan_baseline(const scan_baseline&) = delete;
  scan_baseline& operator=(const scan_baseline&) = delete;

  /// With the read-back: waits for the stream in the middle, and launches exactly as many threads as there are rows.
  void fill_reading_back(std::int32_t* expanded, std::int32_t* clamped, int topk, cudaStream_t stream);
  /// Without: one thread for each row that the buffers hold. Safe inside graph capture.
  void fill_bounded(std::int32_t* expanded, std::int32_t* clamped, int row_capacity, int topk, cudaStream_t stream);

 private:
  void scan(cudaStream_t stream);
  void search(std::int32_t* expanded, std::int32_t* clamped, int threads, int topk, cudaStream_t stream);

  const std::int32_t* seq_lens_;
  const std::int32_t* extend_seq_lens_;
  int requests_;
  std::int32_t* offsets_ = nullptr;  // [requests + 1]
  std::int32_t* total_ = nullptr;    // pinned
  void* scratch_ = nullptr;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace nsameta::bench
