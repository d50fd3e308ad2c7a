#include "separate_plans.h"

#include "cuda_check.h"

namespace nsameta::bench {
namespace {

constexpr unsigned all_lanes = 0xffffffffu;
constexpr int most_requests = 4096;

__global__ void schedule(const std::int32_t* lengths, int requests, int sms, int2* out) {
  __shared__ std::int32_t through[most_requests];
  const int lane = static_cast<int>(threadIdx.x);
  int sum = 0;
  for (int first = 0; first < requests; first += 32) {
    const int r = first + lane;
    int splits = r < requests ? (lengths[r] + 255) / 256 : 0;
    for (int delta = 1; delta < 32; delta *= 2) {
      const int earlier = __shfl_up_sync(all_lanes, splits, static_cast<unsigned>(delta));
      if (lane >= delta) splits += earlier;
    }
    if (r < requests) through[r] = sum + splits;
    sum += __shfl_sync(all_lanes, splits, 31);
  }
  __syncwarp();
  const int each = sum / sms, extra = sum % sms;
  for (int sm = lane; sm <= sms; sm += 32) {
    const int unit = sm * each + max(0, sm - (sms - extra));
    int low = 0, high = requests;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (through[middle] > unit)
        high = middle;
      else
        low = middle + 1;
    }
    out[sm] = make_int2(low, low == requests ? 0 : unit - (low > 0 ? through[low - 1] : 0));
  }
}

__global__ void walk(const std::int32_t* lengths, int requests, int parts, int block, int overhead, std::int32_t* rows,
                     std::int32_t* num_splits) {
  __shared__ std::int32_t blocks[most_requests];
  __shared__ std::int32_t splits[most_requests + 1];
  const int lane = static_cast<int>(threadIdx.x);
  int sum = 0;
  for (int r = lane; r < requests; r += 32) {
    blocks[r] = max(1, (lengths[r] + block - 1) / block);
    sum += blocks[r] + overhead;
  }
  for (int delta = 16; delta > 0; delta /= 2) sum += __shfl_xor_sync(all_lanes, sum, delta);
  __syncwarp();
  const int budget = (sum + parts - 1) / parts + overhead;
  if (lane == 0) {
    int request = 0, at = 0, split = 0, pieces = 0;
    bool was_split = false;  // the request that the last part ended in
    splits[0] = 0;
    for (int part = 0; part < parts; ++part) {
      std::int32_t* const row = rows + part * 8;
      for (int word = 0; word < 8; ++word) row[word] = 0;
      row[0] = request;
      row[2] = request < requests ? at : blocks[0] - 1;
      row[4] = split;
      const int first = request;
      bool first_splits = split > 0;
      int left = budget;
      while (request < requests) {
        const int rest = blocks[request] - at;
        if (left >= rest + overhead) {
          pieces += split + 1;
          splits[request + 1] = pieces;
          was_split = split > 0;
          left -= rest + overhead;
          ++request;
          at = split = 0;
        } else {
          if (left > overhead) {
            at += left - overhead;
            ++split;
            first_splits = first_splits || request == first;
          }
          break;
        }
      }
      row[1] = at > 0 ? request : request - 1;
      row[3] = at > 0 ? at : lengths[request - 1] > 0 ? blocks[request - 1] : 0;
      if (first < requests) {
        row[5] = first_splits;
        row[6] = at > 0 || was_split;
      }
    }
  }
  __syncwarp();
  for (int r = lane; r <= requests; r += 32) num_splits[r] = splits[r];
}

__global__ void list_long(const std::int32_t* lengths, int requests, int fixed, int2* out) {
  constexpr int rungs = 6;
  constexpr int longer_than[rungs] = {393216, 262144, 196608, 131072, 98304, 65536};
  constexpr int most[rungs] = {128, 112, 80, 60, 48, 30};
  __shared__ int count[rungs];
  __shared__ int listed;
  if (threadIdx.x < rungs) count[threadIdx.x] = 0;
  if (threadIdx.x == 0) listed = 0;
  __syncthreads();
  for (int r = static_cast<int>(threadIdx.x); r < requests; r += static_cast<int>(blockDim.x))
    for (int i = 0; i < rungs; ++i)
      if (lengths[r] > longer_than[i]) atomicAdd(&count[i], 1);
  __syncthreads();
  int threshold = longer_than[0];
  for (int i = 0; i < rungs && count[i] <= most[i]; ++i) threshold = longer_than[i];
  if (fixed > 0) threshold = fixed;
  for (int r = static_cast<int>(threadIdx.x); r < requests; r += static_cast<int>(blockDim.x))
    if (lengths[r] > threshold) out[1 + atomicAdd(&listed, 1)] = make_int2(r, lengths[r]);
  __syncthreads();
  if (threadIdx.x == 0) out[0] = make_int2(threshold, listed);
}

}  // namespace

void launch_separately(const nsameta_plan& plan, const std::int32_t* lengths, int requests, cudaStream_t stream) {
  auto* const first = static_cast<std::int32_t*>(plan.buffers[0].data);
  if (plan.kind == NSAMETA_PLAN_PAGED_MQA)
    schedule<<<1, 32, 0, stream>>>(lengths, requests, plan.parts, reinterpret_cast<int2*>(first));
  if (plan.kind == NSAMETA_PLAN_FLASHMLA)
    walk<<<1, 32, 0, stream>>>(lengths, requests, plan.parts, plan.block, plan.overhead, first,
                               static_cast<std::int32_t*>(plan.buffers[1].data));
  if (plan.kind == NSAMETA_PLAN_TOPK)
    list_long<<<1, 1024, 0, stream>>>(lengths, requests, plan.threshold, reinterpret_cast<int2*>(first));
  check_cuda(cudaGetLastError());
}

}  // namespace nsameta::bench
