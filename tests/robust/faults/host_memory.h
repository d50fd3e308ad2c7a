/// The host's memory, of which the n-th allocation fails: operator new of the whole process, malloc of the library, and
/// memory for oneTBB's tasks, each of which throws or returns null as it does when there is none.
///
/// What libraries under this one allocate for themselves does not fail: oneTBB 2021.8 waits for ever when its own first
/// initialisation finds no memory, and nobody above it can help that.
#pragma once

#include <cstdint>

namespace nsameta::test::host_memory {

/// Counts from 1 on; the `number`-th allocation fails, of whatever thread. 0: none, but counts.
void arm(int number);
void disarm();

/// Allocations since arm(), of which one failed or not.
int allocations();
bool failed();

/// Blocks that are allocated now.
std::int64_t live();

}  // namespace nsameta::test::host_memory
