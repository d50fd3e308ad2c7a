/// A continuous-batching scheduler over a serving log: turns requests into the steps an engine would run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/random.h"
#include "nsameta/nsameta.h"
#include "replay/trace.h"

namespace nsameta::cli {

struct scheduler_options {
  std::int64_t draft_tokens = 4;  ///< 0: plain decode
  double accept = 0.7;            ///< probability that a draft token is accepted, given that those before it were
  std::int64_t max_batch = 256;   ///< requests in flight at most
  std::int64_t chunk = 8192;      ///< prefill tokens of a step at most
  std::uint64_t seed = 1;         ///< of the acceptance
};

/// One step's batch, as the engine would hand it to nsameta_fill. Vectors run over the batch.
struct engine_step {
  nsameta_mode mode = NSAMETA_DECODE;
  std::vector<std::int64_t> requests;  ///< numbers in the log
  std::vector<std::int64_t> seq_lens;
  std::vector<std::int64_t> query_lens;  ///< draft_extend and extend; else empty
  std::int64_t rows = 0;
  std::vector<std::int64_t> finished;  ///< numbers of the requests that ended before this step
};

/// Requests arrive by a simulated clock; a step takes 8 ms and 20 us for each of its rows, which is about what a large
/// model takes on one node; idle time is skipped. Prefill runs first come, first served, in chunks, and alternates with
/// decoding when both have work. With draft tokens, decoding is `target_verify` and then, on the same batch,
/// `draft_extend` over the tokens that were accepted.
class scheduler {
 public:
  scheduler(std::vector<request> log, const scheduler_options& options);

  /// The next step; false when every request is done.
  bool next(engine_step& step);

  double now_s() const { return now_s_; }
  std::size_t finished() const { return finished_; }
  std::size_t size() const { return log_.size(); }
  /// Rows that a step has at most, in its vectors and in its page tables.
  std::int64_t most_rows() const;
  std::int64_t most_table_rows() const;
  /// Positions of a request at most, draft tokens that will be rejected among them.
  std::int64_t most_positions() const;

 private:
  struct active_request {
    std::int64_t number;
    std::int64_t context = 0;  // tokens in the KV cache
    std::int64_t generated = 0;
  };

  const request& logged(const active_request& active) const { return log_[static_cast<std::size_t>(active.number)]; }
  void admit();
  void prefill(engine_step& step);
  void decode(engine_step& step);
  void verify(engine_step& step);
  void draft_extend(engine_step& step);
  std::int64_t accepted_tokens(const active_request& active);
  void retire(engine_step& step);

  std::vector<request> log_;
  scheduler_options options_;
  harness::random_source random_;
  std::vector<active_request> prefilling_;  // in order of arrival
  std::vector<active_request> running_;
  std::size_t arrived_ = 0;
  std::size_t finished_ = 0;
  double now_s_ = 0;
  bool verified_ = false;  // a draft_extend is due
  bool prefill_turn_ = true;
};

}  // namespace nsameta::cli
