/// Continuous batching: requests come when a slot and KV pages are free, and go when they are done.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

namespace engine {

struct limits {
  int batch = 16;   ///< requests at once
  int width = 256;  ///< tokens of a request
  int page = 8;     ///< tokens of a KV page
  int topk = 64;
  int parts = 4;                                          ///< that the attention kernel cuts its work in
  int pages() const { return batch * width / page / 2; }  ///< too few for a full batch of the longest
};

struct request {
  int prompt, cached, output;        ///< tokens: of the prompt, of its prefix that is there already, to make
  int slot = 0;                      ///< row of the table from position to KV slot; 0 is for padding
  std::vector<std::int32_t> tokens;  ///< KV slot of each position
  std::vector<std::int32_t> pages;
  int length() const { return static_cast<int>(tokens.size()); }
};

class scheduler {
 public:
  scheduler(const limits& with, int requests);

  /// Takes in waiting requests, in order and as far as there is room for all of their tokens, and gives each its
  /// prompt's KV slots.
  std::vector<request*> admit();
  /// One more token for each running request.
  void grow();
  /// Frees what the requests that have all their tokens held.
  void retire();

  std::deque<request>& running() { return running_; }
  bool done() const { return waiting_.empty() && running_.empty(); }

 private:
  void append(request& to, int count);

  limits limits_;
  std::deque<request> waiting_, running_;
  std::vector<int> free_slots_, free_pages_;
  int promised_ = 0;  // pages that running requests will need at their longest
};

}  // namespace engine
