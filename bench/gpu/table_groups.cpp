#include <string>
#include <vector>

#include "cuda_check.h"
#include "groups.h"
#include "kernels.h"

namespace nsameta::bench {
namespace {

constexpr std::int64_t width = 163'911;  // a context of 163,840 and some draft tokens

std::vector<std::int64_t> sizes(bool quick) {
  return quick ? std::vector<std::int64_t>{1, 512} : std::vector<std::int64_t>{1, 8, 32, 64, 128, 256, 512};
}

void measure(gpu_session& session, const std::string& group, std::int64_t requests, std::int64_t live) {
  harness::generated_case measured = table_case(requests, width, live);
  ask_for(measured, {}, false, true);
  session.check_answer(measured);
  const uploaded_case real(session.place(), measured);
  ask_for(measured, engine_fields(), true, true);
  session.check_answer(measured);
  const uploaded_case both(session.place(), measured);

  // As many bytes as page_table_1 holds live, in one piece, between the same buffers.
  const std::size_t bytes = static_cast<std::size_t>(requests * live) * sizeof(std::int32_t);
  void* to = both.outputs().page_table_1.data;
  const void* from = both.problem().req_to_token.data;
  const contestant memcpy{"memcpy", [=](cudaStream_t stream) {
                            check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream));
                          }};
  const contestant copy{"copy_kernel", [=, &session](cudaStream_t stream) {
                          launch_copy(to, from, bytes, session.multiprocessors(), stream);
                        }};
  session.record(group, measured,
                 session.timer().node_times({{"floor", launch_empty},
                                             both.as("both"),
                                             both.overlapping("both"),
                                             real.as("real_page_table"),
                                             real.overlapping("real_page_table"),
                                             memcpy,
                                             copy}));
}

}  // namespace

void measure_tables(gpu_session& session) {
  for (const std::int64_t live : {1'000, 62'000})
    for (const std::int64_t requests : sizes(session.options().quick)) {
      const std::string group =
          "cuda/node/decode_tables/live:" + std::to_string(live) + "/bs:" + std::to_string(requests);
      session.attempt(group, [&] { measure(session, group, requests, live); });
    }
}

}  // namespace nsameta::bench
