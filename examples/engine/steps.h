/// The engine's buffers, made once, and the steps that nsameta fills in them.
#pragma once

#include <map>
#include <string>

#include "device.h"
#include "scheduler.h"

namespace engine {

/// What a step holds after it, on the host, by field name; row tables one row after the other.
using tables = std::map<std::string, std::vector<std::int32_t>>;

class steps {
 public:
  steps(device& on, const limits& with);

  /// `extend` over the admitted requests: ragged, and so a call a step. Prompts are uploaded first.
  tables prefill(const std::vector<request*>& admitted);
  /// `decode` over all running requests, padded to the next of few batch sizes, each of which is a graph.
  tables decode(const std::deque<request>& running);

 private:
  using name = std::string;
  std::span<std::int32_t> buffer(const name& field) { return buffers_.at(field); }
  void upload_tokens(const request& of, int from);
  tables read(std::initializer_list<std::pair<name, std::size_t>> fields);

  device& device_;
  limits limits_;
  std::size_t rows_;  ///< of a prefill at most
  std::map<name, std::span<std::int32_t>> buffers_;
  std::span<std::int32_t> seq_lens_, queries_, slots_, token_table_;
};

}  // namespace engine
