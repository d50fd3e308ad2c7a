#include "harness/input_buffers.h"

#include <algorithm>
#include <span>

namespace nsameta::harness {
namespace {
constexpr std::size_t alignment = 256;
}

std::size_t input_buffers::stage(const char* name, std::span<const std::byte> bytes) {
  const std::size_t begin = (staged_.size() + alignment - 1) / alignment * alignment;
  staged_.resize(begin);
  staged_.insert(staged_.end(), bytes.begin(), bytes.end());
  blocks_.push_back({name, begin, staged_.size()});
  return begin;
}

void input_buffers::upload(const problem_data& problem) {
  staged_.clear();
  blocks_.clear();
  view_ = problem.view();
  const std::size_t seq_lens = stage("seq_lens", problem.seq_lens.memory());
  const std::size_t extend_seq_lens = stage("extend_seq_lens", problem.extend_seq_lens.memory());
  const std::size_t req_pool_indices = stage("req_pool_indices", problem.req_pool_indices.memory());
  const std::size_t req_to_token = stage("req_to_token", std::as_bytes(std::span(problem.req_to_token.memory)));

  if (staged_.size() > memory_.size()) memory_ = device_memory(memory_.place(), staged_.size() * 2);
  memory_.upload(staged_);

  const auto place = [&](auto*& pointer, std::size_t offset) {
    if (pointer != nullptr)
      pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(memory_.data() + offset);
  };
  place(view_.seq_lens.data, seq_lens);
  place(view_.extend_seq_lens.data, extend_seq_lens);
  place(view_.req_pool_indices.data, req_pool_indices);
  place(view_.req_to_token.data, req_to_token + static_cast<std::size_t>(problem.req_to_token.first) * 4);
}

std::optional<std::string> input_buffers::changed() const {
  std::vector<std::byte> now(staged_.size());
  memory_.download(now);
  for (const block& b : blocks_)
    if (!std::equal(now.begin() + static_cast<std::ptrdiff_t>(b.begin),
                    now.begin() + static_cast<std::ptrdiff_t>(b.end),
                    staged_.begin() + static_cast<std::ptrdiff_t>(b.begin)))
      return b.name;
  return std::nullopt;
}

}  // namespace nsameta::harness
