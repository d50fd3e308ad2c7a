/// The batches that the properties are held against.
#pragma once

#include <functional>

#include "harness/problem_data.h"

namespace nsameta::test {

/// Calls `check` with unsharded problems of every mode: ragged, mostly empty, with one giant, smaller than any shard,
/// and larger than a block. Where a workload is small enough, it has page tables.
void for_each_workload(const std::function<void(const harness::problem_data&)>& check);

}  // namespace nsameta::test
