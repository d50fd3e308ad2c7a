/// When oneTBB may be used, and with how many threads: not while the process exits, which destroys it under whoever
/// uses it, and not in a forked child of a process that did, whose threads it counts on.
#pragma once

namespace nsameta::cpu {

/// One use of oneTBB, to be asked before it begins and kept until it is over. False once the process exits, which waits
/// for the uses under way, and where the scheduler was left behind.
class scheduler_use {
 public:
  scheduler_use();
  ~scheduler_use();
  scheduler_use(const scheduler_use&) = delete;
  scheduler_use& operator=(const scheduler_use&) = delete;

  explicit operator bool() const { return granted_; }

 private:
  bool granted_;
};

/// To be called in a forked child, alone: a use that was ever asked for leaves the scheduler with the parent.
void leave_scheduler();
bool scheduler_left_behind();

/// The most threads of oneTBB that a fill may have, and that all fills have together whose callers' arenas have more:
/// NSAMETA_NUM_THREADS, or else the container's quota. Read once, and allocates nothing.
int most_threads();

/// The threads that a fill can hope for: most_threads(), and not more than CPUs on which the process might run when
/// this was first called. Read once, and allocates nothing.
int usable_threads();

/// CPUs that the quota of the control group under `root`/sys/fs/cgroup grants, rounded up; INT_MAX where it has none.
int container_cpus(const char* root);

}  // namespace nsameta::cpu
