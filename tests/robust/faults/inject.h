/// Runs a call with its first vendor call failing, then its second, and so on until none is left to fail.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nsameta/nsameta.h"

namespace nsameta::test {

struct tested_call {
  std::string name;
  /// What a sentence may name as the operation that failed, besides making a device current.
  std::vector<const char*> operations;
  /// Brings everything to where the call finds it.
  std::function<void()> prepare;
  std::function<nsameta_status()> call;
  /// What is not as the status says, or ""; releases what the call made.
  std::function<std::string(nsameta_status)> wrong;
  bool is_slow = false;  ///< then one caller will do
};

/// Checks, for each failing vendor call, whatever device is the caller's and whether or not it has an error pending:
/// the status and the sentence, the effects, that the caller's device and error are as they were, that nothing is left
/// behind, and that the next call works.
void inject(const tested_call& tested);

}  // namespace nsameta::test
