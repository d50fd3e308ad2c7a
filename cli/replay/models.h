/// What served models keep in caches beside the KV of each token.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nsameta/nsameta.h"

namespace nsameta::cli {

struct model_cache {
  std::int32_t ratio;       ///< tokens of an entry
  std::int32_t block_size;  ///< entries that lie together
  std::int32_t topk;        ///< entries that a row reads; 0: all, by their slots
  bool overlap;             ///< whether an entry is made from as many tokens before its own too
};

struct served_model {
  const char* name;
  std::int32_t page_size;  ///< tokens
  std::vector<model_cache> caches;
  std::int32_t window;  ///< tokens of the sliding window; 0: there is none
};

/// As the engines that serve them set them up.
const std::vector<served_model>& served_models();

/// The one of that name; null where there is none.
const served_model* find_model(const std::string& name);

/// The plans of a model's caches, in tables for requests of so many positions.
std::vector<nsameta_plan> plans_of(const served_model& model, std::int64_t positions);

}  // namespace nsameta::cli
