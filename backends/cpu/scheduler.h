/// When oneTBB may be used: not while the process exits, which destroys it under whoever uses it, and not in a forked
/// child of a process that did, whose threads it counts on.
#pragma once

namespace nsameta::cpu {

/// To be asked before each use. False once the process exits. A fork is selection's affair.
bool enter_scheduler();

/// Whether enter_scheduler() ever said yes, here or in a process that this one was forked from.
bool has_used_scheduler();

}  // namespace nsameta::cpu
