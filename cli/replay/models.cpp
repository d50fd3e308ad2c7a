#include "replay/models.h"

#include <algorithm>

#include "harness/output_layout.h"
#include "plans.h"

namespace nsameta::cli {

const std::vector<served_model>& served_models() {
  static const std::vector<served_model> models{
      {"v3.2", 64, {{1, 64, 2048, false}}, 0},
      {"glm-5.3", 64, {{4, 64, 512, false}}, 0},
      {"v4", 256, {{4, 64, 512, true}, {128, 2, 0, false}}, 128},
      {"v4.1", 256, {{1, 256, 2048, false}, {2, 128, 1024, false}, {4, 64, 512, true}, {128, 2, 0, false}}, 128},
  };
  return models;
}

const served_model* find_model(const std::string& name) {
  const auto found = std::ranges::find(served_models(), name, &served_model::name);
  return found == served_models().end() ? nullptr : &*found;
}

std::vector<nsameta_plan> plans_of(const served_model& model, std::int64_t positions) {
  const auto columns_for = [&](std::int64_t tokens) {
    return static_cast<std::int32_t>(std::max<std::int64_t>((positions + tokens - 1) / tokens, 1));
  };
  std::vector<nsameta_plan> plans;
  for (const model_cache& cache : model.caches)
    for (const nsameta_plan_kind kind :
         {NSAMETA_PLAN_COMPRESSED_ROWS, NSAMETA_PLAN_COMPRESSED_REQUESTS, NSAMETA_PLAN_COMPRESSED_INDICES,
          NSAMETA_PLAN_COMPRESSED_BLOCKS, NSAMETA_PLAN_COMPRESSED_EVENTS, NSAMETA_PLAN_COMPRESSED_CARRIES}) {
      if (kind == NSAMETA_PLAN_COMPRESSED_INDICES && cache.topk > 0) continue;  // the top-k says which
      nsameta_plan plan = harness::usual_plan(kind);
      plan.ratio = cache.ratio;
      if (has(row_of(kind), &nsameta_plan::block)) plan.block = cache.block_size;
      if (has(row_of(kind), &nsameta_plan::topk)) plan.topk = cache.topk;
      if (kind == NSAMETA_PLAN_COMPRESSED_INDICES) plan.columns = columns_for(cache.ratio);
      if (kind == NSAMETA_PLAN_COMPRESSED_BLOCKS) plan.columns = columns_for(cache.ratio * cache.block_size);
      if (kind == NSAMETA_PLAN_COMPRESSED_EVENTS) plan.overlap = cache.overlap;
      if (kind == NSAMETA_PLAN_COMPRESSED_ROWS) plan.no_slot = cache.ratio > 2 ? 0 : -1;
      plans.push_back(plan);
    }
  if (model.window > 0) {
    nsameta_plan window = harness::usual_plan(NSAMETA_PLAN_WINDOW);
    window.preset = NSAMETA_WINDOW_OF_RINGS;
    window.window = window.columns = model.window;
    window.ring = 2 * model.window;  // room for drafts
    plans.push_back(window);
  }
  return plans;
}

}  // namespace nsameta::cli
