#include "replay/scheduler.h"

#include <algorithm>

namespace nsameta::cli {
namespace {

constexpr double step_s = 8e-3;
constexpr double row_s = 20e-6;

}  // namespace

scheduler::scheduler(std::vector<request> log, const scheduler_options& options)
    : log_(std::move(log)), options_(options), random_(options.seed) {}

std::int64_t scheduler::most_rows() const { return std::max(options_.chunk, most_table_rows()); }

std::int64_t scheduler::most_table_rows() const {
  return options_.max_batch * std::max<std::int64_t>(options_.draft_tokens, 1);
}

std::int64_t scheduler::most_positions() const {
  std::int64_t most = 0;
  for (const request& r : log_) most = std::max(most, r.input_tokens + r.output_tokens);
  return most + options_.draft_tokens;
}

bool scheduler::next(engine_step& step) {
  step = {};
  if (verified_) {
    draft_extend(step);
  } else {
    retire(step);
    admit();
    if (prefilling_.empty() && running_.empty()) return false;
    const bool prefill_now = !prefilling_.empty() && (prefill_turn_ || running_.empty());
    prefill_turn_ = !prefill_now;
    if (prefill_now) {
      prefill(step);
    } else if (options_.draft_tokens > 0) {
      verify(step);
    } else {
      decode(step);
    }
  }
  now_s_ += step_s + row_s * static_cast<double>(step.rows);
  return true;
}

void scheduler::admit() {
  const bool idle = prefilling_.empty() && running_.empty();
  if (idle && arrived_ < log_.size()) now_s_ = std::max(now_s_, log_[arrived_].arrival_s);
  const auto room = [this] { return std::ssize(prefilling_) + std::ssize(running_) < options_.max_batch; };
  for (; arrived_ < log_.size() && log_[arrived_].arrival_s <= now_s_ && room(); ++arrived_)
    prefilling_.push_back({static_cast<std::int64_t>(arrived_)});
}

void scheduler::prefill(engine_step& step) {
  step.mode = NSAMETA_EXTEND;
  std::size_t complete = 0;
  for (active_request& active : prefilling_) {
    const std::int64_t query = std::min(logged(active).input_tokens - active.context, options_.chunk - step.rows);
    active.context += query;
    step.requests.push_back(active.number);
    step.seq_lens.push_back(active.context);
    step.query_lens.push_back(query);
    step.rows += query;
    if (active.context < logged(active).input_tokens) break;  // the chunk is full
    active.generated = 1;                                     // the last prompt token gives the first answer token
    ++complete;
  }
  const auto end = prefilling_.begin() + static_cast<std::ptrdiff_t>(complete);
  running_.insert(running_.end(), prefilling_.begin(), end);
  prefilling_.erase(prefilling_.begin(), end);
}

void scheduler::decode(engine_step& step) {
  step.mode = NSAMETA_DECODE;
  for (active_request& active : running_) {
    ++active.generated;
    step.requests.push_back(active.number);
    step.seq_lens.push_back(++active.context);
  }
  step.rows = std::ssize(running_);
}

void scheduler::verify(engine_step& step) {
  step.mode = NSAMETA_TARGET_VERIFY;
  for (const active_request& active : running_) {
    step.requests.push_back(active.number);
    step.seq_lens.push_back(active.context);
  }
  step.rows = std::ssize(running_) * options_.draft_tokens;
  verified_ = true;
}

void scheduler::draft_extend(engine_step& step) {
  step.mode = NSAMETA_DRAFT_EXTEND;
  for (active_request& active : running_) {
    const std::int64_t query = accepted_tokens(active);
    active.context += query;
    active.generated += query;
    step.requests.push_back(active.number);
    step.seq_lens.push_back(active.context);
    step.query_lens.push_back(query);
    step.rows += query;
  }
  verified_ = false;
}

std::int64_t scheduler::accepted_tokens(const active_request& active) {
  // The first of the verified tokens is the model's own; the others stand or fall in order.
  std::int64_t accepted = 1;
  while (accepted < options_.draft_tokens && random_.unit() < options_.accept) ++accepted;
  return std::min(accepted, logged(active).output_tokens - active.generated);
}

void scheduler::retire(engine_step& step) {
  const auto done = [this](const active_request& active) { return active.generated >= logged(active).output_tokens; };
  for (const active_request& active : running_)
    if (done(active)) step.finished.push_back(active.number);
  finished_ += std::erase_if(running_, done);
}

}  // namespace nsameta::cli
