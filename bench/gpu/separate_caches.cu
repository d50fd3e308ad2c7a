#include "separate_caches.h"

#include <cstdint>
#include <stdexcept>
#include <string>

#include "cuda_check.h"

namespace nsameta::bench {
namespace {

constexpr unsigned all_lanes = 0xffffffffu;
constexpr int page = 256, align = 64;
constexpr int row_threads = 256, column_threads = 128, most_threads = 1024;

/// What a step is given.
struct step_inputs {
  const std::int32_t* lengths;
  int requests;
  const std::int32_t* slots;
  const std::int32_t* tokens;
  std::int64_t stride;
  const std::int32_t* full_to_swa;

  __device__ const std::int32_t* tokens_of(int request) const { return tokens + slots[request] * stride; }
};

__device__ int own_thread() { return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); }

// ------------------------------------------------------------------------------------------------ rows

/// A decode's requests have a row each, so that their lengths are written too.
template <int rows_each>
__global__ void expand(step_inputs step, int topk, std::int32_t* cached, std::int32_t* expanded,
                       std::int32_t* clamped) {
  const int row = own_thread();
  if (row >= step.requests * rows_each) return;
  const int length = step.lengths[row / rows_each];
  const int seen = rows_each == 1 ? length : length + row % rows_each + 1;
  if constexpr (rows_each == 1) cached[row] = length;
  expanded[row] = seen;
  clamped[row] = min(seen, topk);
}

__global__ void add_drafts(const std::int32_t* lengths, int requests, int drafts, std::int32_t* cached) {
  const int request = own_thread();
  if (request < requests) cached[request] = lengths[request] + drafts;
}

template <int ratio>
__global__ void count_entries(const std::int32_t* expanded, int rows, int topk, std::int32_t* entries,
                              std::int32_t* at_least_one, std::int32_t* sparse) {
  const int row = own_thread();
  if (row >= rows) return;
  const int seen = expanded[row] / ratio;
  entries[row] = seen;
  at_least_one[row] = max(seen, 1);
  sparse[row] = topk == 0 ? max(seen, 1) : min(max(seen, 1), topk);
}

template <int ratio>
__global__ void find_positions(const std::int32_t* expanded, int rows, std::int32_t* positions) {
  const int row = own_thread();
  if (row >= rows) return;
  const int seen = expanded[row];
  positions[row] = seen == 0 ? -ratio : (seen - 1) / ratio * ratio;
}

template <int ratio>
__device__ int slot_of_entry(const std::int32_t* tokens, int entry) {
  constexpr int each = page / ratio;
  return tokens[entry / each * page] / page * each + entry % each;
}

template <int ratio, int rows_each>
__global__ void place_entries(step_inputs step, const std::int32_t* expanded, int no_slot, std::int64_t* out_loc) {
  const int row = own_thread();
  if (row >= step.requests * rows_each) return;
  const int seen = expanded[row];
  const bool ends = seen > 0 && seen % ratio == 0;
  out_loc[row] = ends ? slot_of_entry<ratio>(step.tokens_of(row / rows_each), seen / ratio - 1) : no_slot;
}

template <int ratio, int rows_each>
__global__ void count_entries_of_requests(const std::int32_t* cached, int requests, std::int32_t* past,
                                          std::int32_t* now) {
  const int request = own_thread();
  if (request >= requests) return;
  const int length = cached[request];
  past[request] = max(length - rows_each, 0) / ratio;
  now[request] = length / ratio;
}

__global__ void measure_window(const std::int32_t* expanded, int rows, int window, std::int32_t* lengths) {
  const int row = own_thread();
  if (row < rows) lengths[row] = min(expanded[row], window);
}

template <int rows_each>
__global__ void place_in_window(step_inputs step, const std::int32_t* expanded, std::int32_t* out_loc) {
  const int row = own_thread();
  if (row >= step.requests * rows_each) return;
  const int seen = expanded[row];
  out_loc[row] = seen > 0 ? step.full_to_swa[step.tokens_of(row / rows_each)[seen - 1]] : -1;
}

// ----------------------------------------------------------------------------------------------- sums and lists

/// The sum of `value` over the threads of the block before this one; `all`: over all of them, which are whole warps.
__device__ int sum_before(int value, int& all) {
  __shared__ int of_warps[most_threads / 32];
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const auto through = [lane](int sum) {
    for (int delta = 1; delta < 32; delta *= 2) {
      const int earlier = __shfl_up_sync(all_lanes, sum, static_cast<unsigned>(delta));
      if (lane >= delta) sum += earlier;
    }
    return sum;
  };
  const int in_warp = through(value);
  __syncthreads();  // the sums of an earlier call have been read
  if (lane == 31) of_warps[warp] = in_warp;
  __syncthreads();
  const int warps = static_cast<int>(blockDim.x / 32);
  const int through_warps = through(lane < warps ? of_warps[lane] : 0);
  all = __shfl_sync(all_lanes, through_warps, 31);
  const int earlier_warps = __shfl_sync(all_lanes, through_warps, max(warp - 1, 0));
  return (warp > 0 ? earlier_warps : 0) + in_warp - value;
}

/// Of `less`, if there is any, the element is taken off first.
__global__ void sum_up(const std::int32_t* values, const std::int32_t* less, int count, std::int32_t* sums) {
  int sum = 0;
  for (int first = 0; first < count; first += static_cast<int>(blockDim.x)) {
    const int i = first + static_cast<int>(threadIdx.x);
    const int value = i < count ? values[i] - (less != nullptr ? less[i] : 0) : 0;
    int all = 0;
    const int before = sum + sum_before(value, all);
    if (i < count) sums[i + 1] = before + value;
    sum += all;
  }
  if (threadIdx.x == 0) sums[0] = 0;
}

template <int ratio, int rows_each>
__global__ void list_events(const std::int32_t* expanded, int rows, int window, std::int32_t* count, int4* events) {
  int listed = 0;
  for (int first = 0; first < rows; first += static_cast<int>(blockDim.x)) {
    const int row = first + static_cast<int>(threadIdx.x);
    const int seen = row < rows ? expanded[row] : 0;
    const bool ends = seen > 0 && seen % ratio == 0;
    int all = 0;
    const int place = listed + sum_before(ends, all);
    if (ends) events[place] = make_int4(row, row / rows_each, seen, window - min(row % rows_each + 1, window));
    listed += all;
  }
  if (threadIdx.x == 0) *count = listed;
}

template <int ratio, int rows_each>
__global__ void list_carries(const std::int32_t* cached, int requests, std::int32_t* count, int4* carries) {
  int listed = 0;
  for (int first = 0; first < requests; first += static_cast<int>(blockDim.x)) {
    const int request = first + static_cast<int>(threadIdx.x);
    const int length = request < requests ? cached[request] : 0;
    const int open = min(length % ratio, rows_each);
    int all = 0;
    const int place = listed + sum_before(open > 0, all);
    if (open > 0) carries[place] = make_int4(request, length - open, (request + 1) * rows_each - open, open);
    listed += all;
  }
  if (threadIdx.x == 0) *count = listed;
}

// ---------------------------------------------------------------------------------------------- tables

/// Columns of a row are written up to a multiple of `align`.
__device__ int up_to_align(int columns) { return (columns + align - 1) / align * align; }

template <int ratio, int rows_each>
__global__ void list_entries(step_inputs step, const std::int32_t* expanded, int topk, int columns,
                             std::int32_t* table) {
  const int column = own_thread(), row = static_cast<int>(blockIdx.y);
  const int seen = expanded[row] / ratio, count = topk == 0 ? seen : min(seen, topk);
  if (column >= min(up_to_align(max(count, 1)), columns)) return;
  table[std::int64_t{row} * columns + column] =
      column < count ? slot_of_entry<ratio>(step.tokens_of(row / rows_each), column) : -1;
}

template <int rows_each>
__global__ void list_blocks(step_inputs step, const std::int32_t* cached, int columns, std::int32_t* table) {
  const int column = own_thread(), row = static_cast<int>(blockIdx.y), request = row / rows_each;
  if (column >= min((cached[request] + page - 1) / page, columns)) return;
  table[std::int64_t{row} * columns + column] = step.tokens_of(request)[column * page] / page;
}

template <int rows_each>
__global__ void list_window(step_inputs step, const std::int32_t* expanded, int window, int columns,
                            std::int32_t* table) {
  const int column = own_thread(), row = static_cast<int>(blockIdx.y);
  if (column >= min(up_to_align(window), columns)) return;
  const int seen = expanded[row];
  table[std::int64_t{row} * columns + column] =
      column < min(seen, window) ? step.full_to_swa[step.tokens_of(row / rows_each)[seen - 1 - column]] : -1;
}

// ---------------------------------------------------------------------------------------------- launches

unsigned blocks_for(int count, int threads) { return static_cast<unsigned>((count + threads - 1) / threads); }

/// Of the one block that adds up, or lists, `count` elements.
int threads_for(int count) { return count < most_threads ? (count + 31) / 32 * 32 : most_threads; }

std::int32_t* words(const nsameta_vector& vector) { return static_cast<std::int32_t*>(vector.data); }
int4* quads(const nsameta_vector& vector) { return static_cast<int4*>(vector.data); }

/// A step of requests with as many rows each.
template <int rows_each>
class separate_step {
 public:
  separate_step(const nsameta_problem& problem, const nsameta_outputs& outputs, cudaStream_t stream)
      : step_{static_cast<const std::int32_t*>(problem.seq_lens.data),
              static_cast<int>(problem.batch_size),
              static_cast<const std::int32_t*>(problem.req_pool_indices.data),
              problem.req_to_token.data,
              problem.req_to_token.row_stride,
              static_cast<const std::int32_t*>(problem.full_to_swa.data)},
        requests_(step_.requests),
        rows_(requests_ * rows_each),
        cached_(words(outputs.cache_seqlens)),
        expanded_(words(outputs.seqlens_expanded)),
        stream_(stream) {}

  void launch_vectors(int topk, const nsameta_outputs& outputs) const {
    std::int32_t* const clamped = words(outputs.nsa_cache_seqlens);
    expand<rows_each><<<over_rows(), row_threads, 0, stream_>>>(step_, topk, cached_, expanded_, clamped);
    if (rows_each > 1)
      add_drafts<<<over_requests(), row_threads, 0, stream_>>>(step_.lengths, requests_, rows_each, cached_);
    launch_sum(cached_, nullptr, requests_, outputs.cu_seqlens_k);
    launch_sum(clamped, nullptr, rows_, outputs.nsa_cu_seqlens_k);
  }

  template <int ratio>
  void launch_plan_of_entries(const nsameta_plan& plan) const {
    const nsameta_vector* const out = plan.buffers;
    switch (plan.kind) {
      case NSAMETA_PLAN_COMPRESSED_ROWS:
        count_entries<ratio><<<over_rows(), row_threads, 0, stream_>>>(expanded_, rows_, plan.topk, words(out[0]),
                                                                       words(out[1]), words(out[2]));
        find_positions<ratio><<<over_rows(), row_threads, 0, stream_>>>(expanded_, rows_, words(out[3]));
        place_entries<ratio, rows_each><<<over_rows(), row_threads, 0, stream_>>>(
            step_, expanded_, plan.no_slot, static_cast<std::int64_t*>(out[4].data));
        break;
      case NSAMETA_PLAN_COMPRESSED_REQUESTS:
        count_entries_of_requests<ratio, rows_each>
            <<<over_requests(), row_threads, 0, stream_>>>(cached_, requests_, words(out[0]), words(out[1]));
        launch_sum(words(out[1]), words(out[0]), requests_, out[2]);
        break;
      case NSAMETA_PLAN_COMPRESSED_EVENTS:
        list_events<ratio, rows_each><<<1, threads_for(rows_), 0, stream_>>>(
            expanded_, rows_, plan.overlap != 0 ? 2 * ratio : ratio, words(out[0]), quads(out[1]));
        break;
      case NSAMETA_PLAN_COMPRESSED_CARRIES:
        list_carries<ratio, rows_each>
            <<<1, threads_for(requests_), 0, stream_>>>(cached_, requests_, words(out[0]), quads(out[1]));
        break;
      case NSAMETA_PLAN_COMPRESSED_INDICES:
        list_entries<ratio, rows_each><<<over_table(plan.columns), column_threads, 0, stream_>>>(
            step_, expanded_, plan.topk, plan.columns, words(out[0]));
        break;
      case NSAMETA_PLAN_COMPRESSED_BLOCKS:
        list_blocks<rows_each>
            <<<over_table(plan.columns), column_threads, 0, stream_>>>(step_, cached_, plan.columns, words(out[0]));
        break;
      default:
        throw std::invalid_argument("no separate kernels for a plan of kind " + std::to_string(plan.kind));
    }
  }

  void launch_plan(const nsameta_plan& plan) const {
    if (plan.kind == NSAMETA_PLAN_WINDOW) {
      const nsameta_vector* const out = plan.buffers;
      measure_window<<<over_rows(), row_threads, 0, stream_>>>(expanded_, rows_, plan.window, words(out[0]));
      list_window<rows_each><<<over_table(plan.columns), column_threads, 0, stream_>>>(step_, expanded_, plan.window,
                                                                                       plan.columns, words(out[1]));
      place_in_window<rows_each><<<over_rows(), row_threads, 0, stream_>>>(step_, expanded_, words(out[2]));
    } else if (plan.ratio == 4) {
      launch_plan_of_entries<4>(plan);
    } else {
      launch_plan_of_entries<128>(plan);
    }
  }

 private:
  unsigned over_rows() const { return blocks_for(rows_, row_threads); }
  unsigned over_requests() const { return blocks_for(requests_, row_threads); }
  dim3 over_table(int columns) const { return {blocks_for(columns, column_threads), static_cast<unsigned>(rows_), 1}; }
  void launch_sum(const std::int32_t* values, const std::int32_t* less, int count, const nsameta_vector& sums) const {
    sum_up<<<1, threads_for(count), 0, stream_>>>(values, less, count, words(sums));
  }

  step_inputs step_;
  int requests_, rows_;
  std::int32_t *cached_, *expanded_;
  cudaStream_t stream_;
};

template <int rows_each>
void launch_step(const nsameta_problem& problem, const nsameta_outputs& outputs, cudaStream_t stream) {
  const separate_step<rows_each> step(problem, outputs, stream);
  step.launch_vectors(problem.index_topk, outputs);
  for (std::int64_t i = 0; i < outputs.plan_count; ++i) step.launch_plan(outputs.plans[i]);
  check_cuda(cudaGetLastError());
}

}  // namespace

void launch_caches_separately(const nsameta_problem& problem, const nsameta_outputs& outputs, cudaStream_t stream) {
  if (problem.mode == NSAMETA_DECODE)
    launch_step<1>(problem, outputs, stream);
  else if (problem.mode == NSAMETA_TARGET_VERIFY && problem.uniform_extend_len == 4)
    launch_step<4>(problem, outputs, stream);
  else
    throw std::invalid_argument("separate kernels are for a decode and a target_verify of 4 rows a request");
}

}  // namespace nsameta::bench
