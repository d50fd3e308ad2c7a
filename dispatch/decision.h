/// The decision record: what was chosen, by which rule, and why the others were not.
#pragma once

#include <string>

#include "override.h"

namespace nsameta {

struct selection;

/// A call, its arguments validated.
struct fill_call {
  const nsameta_problem& problem;
  const nsameta_outputs* sets;
  std::int64_t count;  ///< of the sets
  const nsameta_target& target;
};

/// Writes a record while selection runs. A null recorder is the hot path: nothing is formatted.
class decision_recorder {
 public:
  /// Clears the record.
  explicit decision_recorder(nsameta_decision* record) : record_(record) { *record = {}; }

  [[gnu::format(printf, 5, 6)]] void reject(const char* backend, const char* variant, nsameta_rejection_code code,
                                            const char* why, ...);
  /// Rules are told one after the other.
  [[gnu::format(printf, 2, 3)]] void add_rule(const char* rule, ...);
  void state(const override_list& forced, std::int64_t row_bound);
  void choose(const selection& chosen, const fill_call& call);

 private:
  nsameta_decision* record_;
};

/// The record as one line, for logs.
std::string to_line(const nsameta_decision& record);

}  // namespace nsameta
