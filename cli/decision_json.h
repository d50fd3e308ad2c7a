/// The record of a selection as JSON.
#pragma once

#include "harness/problem_json.h"
#include "nsameta/nsameta.h"

namespace nsameta::cli {

inline harness::json decision_to_json(const nsameta_decision& decision) {
  harness::json object;
  object["backend"] = decision.backend;
  object["variant"] = decision.variant;
  object["device"] = decision.device;
  object["staged"] = decision.staged != 0;
  object["row_bound"] = decision.row_bound;
  object["kernel"] = decision.kernel;
  object["rule"] = decision.rule;
  object["override"] = decision.override_text;
  object["rejected"] = harness::json::array();
  for (int i = 0; i < decision.rejection_count; ++i)
    object["rejected"].push_back(
        {{"candidate", decision.rejections[i].candidate}, {"why", decision.rejections[i].why}});
  return object;
}

}  // namespace nsameta::cli
