#include <chrono>

#include "cuda_check.h"
#include "groups.h"
#include "harness/library_error.h"
#include "kernels.h"

namespace nsameta::bench {

nlohmann::json measure_first_call(const std::string& backend) {
  constexpr int later_calls = 200;
  const harness::device_place place = harness::place_of(backend);
  harness::check(nsameta_set_override(backend.c_str()));
  harness::generated_case measured = ragged_case(32, 1, 8);
  ask_for(measured, engine_fields(), 256);
  const uploaded_case filled(place, measured);
  cudaStream_t stream = nullptr;
  check_cuda(cudaSetDevice(place.index));
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  // The process has launched other work before, as any engine has.
  for (int i = 0; i < 100; ++i) launch_empty(stream);
  check_cuda(cudaGetLastError());
  check_cuda(cudaStreamSynchronize(stream));

  const nsameta_target target = place.target();
  harness::check(nsameta_warmup(&target));
  std::vector<double> call, done;
  for (int i = 0; i <= later_calls; ++i) {
    using namespace std::chrono;
    const auto begin = steady_clock::now();
    filled.fill(stream);
    const auto returned = steady_clock::now();
    check_cuda(cudaStreamSynchronize(stream));
    const auto end = steady_clock::now();
    call.push_back(duration<double, std::micro>(returned - begin).count());
    done.push_back(duration<double, std::micro>(end - begin).count());
  }
  check_cuda(cudaStreamDestroy(stream));
  return {{"call", call}, {"done", done}};
}

}  // namespace nsameta::bench
