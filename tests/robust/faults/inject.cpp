#include "inject.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tested_runtime.h"
#include "totals.h"

namespace nsameta::test {
namespace {

constexpr fault kinds[] = {{false, false}, {true, false}, {false, true}};

struct caller_state {
  int device;
  bool pending_error;
};

bool names_operation(const std::string& sentence, const tested_call& tested) {
  const auto named = [&](const char* operation) {
    return sentence.find(std::string(operation) + " failed: ") != std::string::npos;
  };
  return named("making the device current") || named("making the caller's device current again") ||
         std::ranges::any_of(tested.operations, named);
}

/// Whether one failure is made good: the way back to the caller's device is tried twice, and what is to be released is
/// released on whatever device.
bool is_recovered() {
  const bool entering = plan.first_failed == "get_device" || plan.first_failed == "set_device";
  return plan.first_failed == "restore" ||
         (entering && (plan.after_first == "release" || plan.after_first.starts_with("destroy")));
}

/// Whether the `number`-th vendor call failed, or else there were fewer.
bool fails_at(int number, fault kind, const caller_state& caller, const tested_call& call) {
  const live_things before = plan.live;
  call.prepare();
  vendor().make_current(caller.device);
  vendor().leave_pending(caller.pending_error);

  plan.arm(number, kind, caller.device);
  const nsameta_status status = call.call();
  plan.disarm();
  const std::string sentence = nsameta_last_error();
  const int device_after = vendor().current_device();
  const bool pending_after = vendor().is_pending();

  CAPTURE(call.name);
  CAPTURE(number);
  CAPTURE(plan.first_failed);
  CAPTURE(kind.out_of_memory);
  CAPTURE(kind.lasting);
  CAPTURE(caller.device);
  CAPTURE(sentence);
  const bool struck = plan.failed > 0;
  const bool recovered = plan.failed == 1 && is_recovered();
  if (!struck || recovered) {
    CHECK(status == NSAMETA_OK);
  } else {
    CHECK(status == (kind.out_of_memory ? NSAMETA_OUT_OF_MEMORY : NSAMETA_DEVICE_ERROR));
    CHECK(sentence.find(kind.out_of_memory ? vendor().memory_text : vendor().device_text) != std::string::npos);
    CHECK(names_operation(sentence, call));
  }
  CHECK(call.wrong(status) == "");
  // A device that takes no call at all cannot be left.
  if (!kind.lasting) CHECK(device_after == caller.device);
  CHECK(pending_after == caller.pending_error);
  CHECK(plan.live == before);
  if (!struck) return false;

  vendor().make_current(caller.device);
  call.prepare();
  const nsameta_status next = call.call();
  CHECK_MESSAGE(next == NSAMETA_OK, nsameta_last_error());
  CHECK(call.wrong(next) == "");
  CHECK(plan.live == before);
  return true;
}

}  // namespace

void inject(const tested_call& call) {
  int injected = 0;
  const int devices = std::min(2, device_count());
  for (int device = call.is_slow ? devices - 1 : 0; device < devices; ++device)
    for (const bool pending : {false, true}) {
      if (call.is_slow && pending) continue;
      for (const fault kind : kinds)
        for (int number = 1; fails_at(number, kind, {device, pending}, call); ++number) ++injected;
    }
  vendor().make_current(0);
  vendor().leave_pending(false);
  CHECK(injected > 0);
  add_to_totals(call.name, injected);
}

}  // namespace nsameta::test
