/// The decision record: what was chosen and why the others were not.
#pragma once

#include <string>

#include "override.h"
#include "work_size.h"

namespace nsameta {

struct selection;

/// Writes a record while selection runs. A null recorder is the hot path: nothing is formatted.
class decision_recorder {
 public:
  /// `record` keeps its struct_size; all else is cleared.
  explicit decision_recorder(nsameta_decision* record);

  [[gnu::format(printf, 5, 6)]] void reject(const char* backend, const char* variant, nsameta_rejection_code code,
                                            const char* why, ...);
  void choose(const selection& chosen);
  void state(const override_list& forced, const call_size& size);

 private:
  nsameta_decision* record_;
};

/// The record as one line, for logs.
std::string to_line(const nsameta_decision& record);

}  // namespace nsameta
