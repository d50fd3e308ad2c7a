/// The dispatcher: validates, selects, runs. The C interface uses one for the process; tests make their own.
#pragma once

#include "override.h"
#include "registry.h"
#include "select.h"

namespace nsameta {

class dispatcher {
 public:
  /// Both are the caller's and live longer.
  dispatcher(registry& backends, override_setting& setting) : backends_(backends), setting_(setting) {}

  nsameta_status fill(const nsameta_problem* problem, const nsameta_outputs* outputs, const nsameta_target* target);
  nsameta_status fill_many(const nsameta_problem* problem, const nsameta_outputs* outputs, std::int64_t count,
                           const nsameta_target* target);
  /// On the one backend that `backend` names, whatever the override says; never staged.
  nsameta_status fill_on(const char* backend, const nsameta_problem* problem, const nsameta_outputs* outputs,
                         const nsameta_target* target);
  nsameta_status fill_many_on(const char* backend, const nsameta_problem* problem, const nsameta_outputs* outputs,
                              std::int64_t count, const nsameta_target* target, nsameta_decision* decision);
  nsameta_status explain(const nsameta_problem* problem, const nsameta_outputs* outputs, const nsameta_target* target,
                         nsameta_decision* decision);
  nsameta_status warm_up(const nsameta_target* target);

 private:
  registry& backends_;
  override_setting& setting_;
};

}  // namespace nsameta
