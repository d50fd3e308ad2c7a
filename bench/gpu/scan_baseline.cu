#include "scan_baseline.h"

#include <cub/device/device_scan.cuh>

#include "cuda_check.h"

namespace nsameta::bench {
namespace {

__global__ void search_rows(const std::int32_t* seq_lens, const std::int32_t* extend_seq_lens,
                            const std::int32_t* offsets, int requests, int topk, std::int32_t* expanded,
                            std::int32_t* clamped) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (row >= offsets[requests]) return;
  int low = 0, high = requests;  // the last request that begins at or before the row is in [low, high)
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (offsets[middle] <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const int length = max(0, seq_lens[low] - extend_seq_lens[low] + 1 + row - offsets[low]);
  expanded[row] = length;
  clamped[row] = min(length, topk);
}

}  // namespace

scan_baseline::scan_baseline(const std::int32_t* seq_lens, const std::int32_t* extend_seq_lens, int requests)
    : seq_lens_(seq_lens), extend_seq_lens_(extend_seq_lens), requests_(requests) {
  check_cuda(cudaMalloc(&offsets_, (static_cast<std::size_t>(requests) + 1) * sizeof(std::int32_t)));
  check_cuda(cudaMemset(offsets_, 0, sizeof(std::int32_t)));
  check_cuda(cudaMallocHost(&total_, sizeof(std::int32_t)));
  check_cuda(cub::DeviceScan::InclusiveSum(nullptr, scratch_bytes_, extend_seq_lens_, offsets_ + 1, requests_));
  check_cuda(cudaMalloc(&scratch_, scratch_bytes_));
}

scan_baseline::~scan_baseline() {
  cudaFree(scratch_);
  cudaFreeHost(total_);
  cudaFree(offsets_);
}

void scan_baseline::scan(cudaStream_t stream) {
  // Inclusive and one element on: the exclusive sums and, behind them, the total.
  check_cuda(
      cub::DeviceScan::InclusiveSum(scratch_, scratch_bytes_, extend_seq_lens_, offsets_ + 1, requests_, stream));
}

void scan_baseline::search(std::int32_t* expanded, std::int32_t* clamped, int threads, int topk, cudaStream_t stream) {
  constexpr int block = 256;
  if (threads == 0) return;
  search_rows<<<static_cast<unsigned>((threads + block - 1) / block), block, 0, stream>>>(
      seq_lens_, extend_seq_lens_, offsets_, requests_, topk, expanded, clamped);
  check_cuda(cudaGetLastError());
}

void scan_baseline::fill_reading_back(std::int32_t* expanded, std::int32_t* clamped, int topk, cudaStream_t stream) {
  scan(stream);
  check_cuda(cudaMemcpyAsync(total_, offsets_ + requests_, sizeof(std::int32_t), cudaMemcpyDeviceToHost, stream));
  check_cuda(cudaStreamSynchronize(stream));
  search(expanded, clamped, *total_, topk, stream);
}

void scan_baseline::fill_bounded(std::int32_t* expanded, std::int32_t* clamped, int row_capacity, int topk,
                                 cudaStream_t stream) {
  scan(stream);
  search(expanded, clamped, row_capacity, topk, stream);
}

}  // namespace nsameta::bench
