#include "process.h"

#include <pthread.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "cpu/scheduler.h"

namespace nsameta {
namespace {

constinit std::atomic<process_state*> of_parent{nullptr};

/// Runs in a forked child, alone. Does what is safe there: the first call makes the rest.
void leave_parent() {
  cpu::leave_scheduler();
  if (process_state* parents = current_process.exchange(nullptr)) of_parent.store(parents);
}

}  // namespace

process_state::process_state()
    : backends(built_in_openers()),
      setting([]() -> const char* { return std::getenv("NSAMETA_BACKEND"); }),
      dispatch(backends, setting) {}

process_state::process_state(process_state& parents)
    : backends(parents.backends), setting(parents.setting), dispatch(backends, setting) {}

process_state& make_process() {
  process_state* const parents = of_parent.load();
  auto mine = parents == nullptr ? std::make_unique<process_state>() : std::make_unique<process_state>(*parents);
  // Before there is anything to leave behind. Threads that come together may register it more than once.
  if (parents == nullptr && pthread_atfork(nullptr, nullptr, leave_parent) != 0) throw std::bad_alloc();
  process_state* published = nullptr;
  return current_process.compare_exchange_strong(published, mine.get()) ? *mine.release() : *published;
}

}  // namespace nsameta
