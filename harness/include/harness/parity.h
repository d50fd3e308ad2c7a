/// One case on one backend, held against the reference.
#pragma once

#include <optional>
#include <string>

#include "harness/case_data.h"
#include "harness/generator.h"

namespace nsameta::harness {

/// How a fill is issued.
enum class issue {
  at_once,    ///< on the default stream
  from_graph  ///< captured on a stream of its own and replayed there; the device must be warmed up and have graphs
};

/// Runs the case on `backend` ("name[:index][/variant]", on that device's memory) and on `reference`. Says what is
/// wrong: a failed call, an element that differs, live or not, a damaged guard, an input that was written; nothing when
/// all is well. `decision` gets what was decided on `backend`. Throws library_error when the backend is unavailable.
std::optional<std::string> check_parity(const generated_case& tested, const std::string& backend,
                                        issue how = issue::at_once, nsameta_decision* decision = nullptr);

/// What JSON can tell of a case.
case_data stated_by(const generated_case& made);

/// The smallest case found, by leaving out what its problem's JSON does not tell, then requests, slots and columns, for
/// which check_parity still has something to say; the case itself if that has nothing to say this time.
generated_case shrink(generated_case failing, const std::string& backend);

}  // namespace nsameta::harness
