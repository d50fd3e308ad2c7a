/// Calls of the C library that a fill must not make, counted by definitions of this program that stand before the
/// library's. Not under sanitizers, which put theirs there.
#pragma once

#include <string>

namespace nsameta::test {

/// Made by the calling thread while its counting_scope lived.
struct counted_calls {
  long allocations = 0;  ///< malloc and its kin, and so operator new
  long releases = 0;     ///< of memory: free(nullptr) is none
  long environment_reads = 0;
  long files_opened = 0;
};

/// Counts the thread's calls from its construction on. One at a time.
class counting_scope {
 public:
  counting_scope();
  ~counting_scope();
  counting_scope(const counting_scope&) = delete;
  counting_scope& operator=(const counting_scope&) = delete;
};

const counted_calls& counted();

/// "2 allocations, 1 environment reads"; "" when there was none.
std::string calls_made();

}  // namespace nsameta::test
