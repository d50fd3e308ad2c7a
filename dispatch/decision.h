/// The decision record: what was chosen, by which rule, and why the others were not.
#pragma once

#include <string>

#include "override.h"

namespace nsameta {

struct selection;

/// Writes a record while selection runs. A null recorder is the hot path: nothing is formatted.
class decision_recorder {
 public:
  /// `record` keeps its struct_size; all else is cleared.
  explicit decision_recorder(nsameta_decision* record);

  [[gnu::format(printf, 5, 6)]] void reject(const char* backend, const char* variant, nsameta_rejection_code code,
                                            const char* why, ...);
  /// Rules are told one after the other.
  [[gnu::format(printf, 2, 3)]] void add_rule(const char* rule, ...);
  void state(const override_list& forced, std::int64_t row_bound);
  /// `sets` as nsameta_fill_many takes them.
  void choose(const selection& chosen, const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count);

 private:
  nsameta_decision* record_;
};

/// The record as one line, for logs.
std::string to_line(const nsameta_decision& record);

}  // namespace nsameta
