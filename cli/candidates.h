/// The devices that are held against the reference.
#pragma once

#include <string>
#include <vector>

#include "nsameta/nsameta.h"

namespace nsameta::cli {

/// One backend's device, or a backend that cannot run.
struct candidate {
  std::string name;     ///< "simt:1"
  std::string not_run;  ///< the reason; "" when it can run
};

/// The backend that `entry`, "name[:index][/variant]", names. Throws usage_error when it names none.
const nsameta_backend_info& find_backend(const std::vector<nsameta_backend_info>& backends, const std::string& entry);

/// Every device of the listed backends; of all but the oracle itself when nothing is listed. Throws
/// usage_error or library_error for an entry that names nothing.
std::vector<candidate> list_candidates(const std::string& list);

}  // namespace nsameta::cli
