#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cuda_check.h"
#include "groups.h"
#include "harness/compare.h"
#include "kernels.h"
#include "scan_baseline.h"

namespace nsameta::bench {
namespace {

using harness::generated_case;

constexpr std::int64_t row_room = 8;  // rows a request may have, by the buffers' sizes

contestant memset_of(const uploaded_case& filled, std::int64_t rows) {
  std::vector<void*> buffers{filled.outputs().seqlens_expanded.data, filled.outputs().nsa_cache_seqlens.data};
  return {"memset", [buffers, rows](cudaStream_t stream) {
            for (void* buffer : buffers)
              check_cuda(cudaMemsetAsync(buffer, 1, static_cast<std::size_t>(rows) * sizeof(std::int32_t), stream));
          }};
}

/// The scan design on the inputs and outputs of a case of two fields, checked against the library's answer.
class scan_contestant {
 public:
  scan_contestant(gpu_session& session, uploaded_case& filled, const generated_case& measured)
      : filled_(filled),
        topk_(measured.problem.index_topk),
        scan_(static_cast<const std::int32_t*>(filled.problem().seq_lens.data),
              static_cast<const std::int32_t*>(filled.problem().extend_seq_lens.data),
              static_cast<int>(measured.problem.batch_size())) {
    const cudaStream_t stream = session.timer().stream();
    uploaded_case expected(session.place(), measured);
    expected.fill(stream);
    for (const bool reading_back : {true, false}) {
      filled.buffers().reset();
      if (reading_back) {
        read_back(stream);
      } else {
        bounded(stream);
      }
      check_cuda(cudaStreamSynchronize(stream));
      if (const auto wrong = compare_live(filled.buffers().read_back(), expected.buffers().read_back(),
                                          live_shape_of(measured.problem)))
        throw std::runtime_error("scan baseline: " + to_string(*wrong));
    }
  }

  void read_back(cudaStream_t stream) { scan_.fill_reading_back(expanded(), clamped(), topk_, stream); }
  void bounded(cudaStream_t stream) {
    const auto room = static_cast<int>(filled_.outputs().seqlens_expanded.capacity);
    scan_.fill_bounded(expanded(), clamped(), room, topk_, stream);
  }

 private:
  std::int32_t* expanded() const { return static_cast<std::int32_t*>(filled_.outputs().seqlens_expanded.data); }
  std::int32_t* clamped() const { return static_cast<std::int32_t*>(filled_.outputs().nsa_cache_seqlens.data); }

  uploaded_case& filled_;
  int topk_;
  scan_baseline scan_;
};

/// Runs `measure` on a case with the engine's fields and with two, both checked.
template <class Measure>
void with_both_field_sets(gpu_session& session, generated_case measured, std::int64_t row_capacity, Measure&& measure) {
  ask_for(measured, two_fields(), row_capacity);
  session.check_answer(measured);
  uploaded_case two(session.place(), measured);
  generated_case all = measured;
  ask_for(all, engine_fields(), row_capacity);
  session.check_answer(all);
  const uploaded_case engine(session.place(), all);
  measure(measured, two, engine);
}

std::string at(std::int64_t requests) { return "/bs:" + std::to_string(requests); }

std::vector<std::int64_t> sizes(const gpu_session& session, std::vector<std::int64_t> few,
                                std::vector<std::int64_t> many) {
  return session.options().quick ? few : many;
}

}  // namespace

void measure_vector_nodes(gpu_session& session) {
  const contestant floor{"floor", launch_empty};
  session.attempt("cuda/node/empty", [&] {  // alone: in turns with others it takes longer
    session.record("cuda/node/empty", decode_case(1), session.timer().node_times({floor}));
  });
  for (const std::int64_t requests :
       sizes(session, {32, 256, 1024, 4096, 32768},
             {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536})) {
    const std::string group = "cuda/node/draft_extend" + at(requests);
    session.attempt(group, [&] {
      with_both_field_sets(
          session, ragged_case(requests, 1, row_room), requests * row_room,
          [&](const generated_case& measured, uploaded_case& two, const uploaded_case& engine) {
            scan_contestant scan(session, two, measured);
            session.record(group, measured,
                           session.timer().node_times({floor,
                                                       engine.as("engine"),
                                                       two.as("two"),
                                                       memset_of(two, rows_of(measured)),
                                                       {"scan", [&](cudaStream_t stream) { scan.bounded(stream); }}}));
          });
    });
  }
}

void measure_long_rows(gpu_session& session) {
  for (const std::int64_t requests :
       sizes(session, {10, 10'000, 1'000'000}, {10, 100, 1'000, 10'000, 100'000, 300'000, 1'000'000})) {
    const std::string group = "cuda/node/long_rows/rows:" + std::to_string(requests * 100);
    session.attempt(group, [&] {
      generated_case measured = long_rows_case(requests);
      ask_for(measured, two_fields());
      session.check_answer(measured);
      const uploaded_case two(session.place(), measured);
      session.record(
          group, measured,
          session.timer().node_times({{"floor", launch_empty}, two.as("two"), memset_of(two, rows_of(measured))}));
    });
  }
}

void measure_calls(gpu_session& session) {
  const contestant launch{"launch", launch_empty};
  const auto plain = [&](const std::string& group, generated_case made) {
    session.attempt(group, [&] {
      with_both_field_sets(session, std::move(made), 0,
                           [&](const generated_case& measured, uploaded_case& two, const uploaded_case& engine) {
                             session.record(group, measured,
                                            session.timer().call_times({launch, engine.as("engine"), two.as("two")}));
                           });
    });
  };
  for (const std::int64_t requests : sizes(session, {1, 32, 1024}, {1, 8, 32, 128, 256, 512, 1024})) {
    plain("cuda/call/decode" + at(requests), decode_case(requests));
    plain("cuda/call/target_verify" + at(requests), verify_case(requests, 4));
    const std::string group = "cuda/call/draft_extend" + at(requests);
    session.attempt(group, [&] {
      with_both_field_sets(
          session, ragged_case(requests, 1, row_room), requests * row_room,
          [&](const generated_case& measured, uploaded_case& two, const uploaded_case& engine) {
            scan_contestant scan(session, two, measured);
            session.record(
                group, measured,
                session.timer().call_times({launch,
                                            engine.as("engine"),
                                            two.as("two"),
                                            {"scan", [&](cudaStream_t stream) { scan.bounded(stream); }},
                                            {"scan_read_back", [&](cudaStream_t stream) { scan.read_back(stream); }}}));
          });
    });
  }
}

}  // namespace nsameta::bench
