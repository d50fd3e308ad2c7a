/// Backends that fail while they are opened: the reason is kept, told, and nobody else is disturbed.
#include <doctest/doctest.h>

#include "dispatcher.h"
#include "fill_case.h"
#include "tested_runtime.h"
#include "totals.h"

namespace nsameta::test {
namespace {

constexpr nsameta_target explicit_target{NSAMETA_DEVICE_CUDA, 0, nullptr, 0};

/// A process that has opened nothing yet, as far as dispatch goes.
struct fresh_dispatch {
  registry backends{built_in_openers()};
  override_setting setting{[] { return "auto"; }};
  dispatcher dispatch{backends, setting};
};

bool tells(const std::string& sentence) { return sentence.find(vendor().device_text) != std::string::npos; }

}  // namespace

TEST_CASE("vendor calls that fail while devices are counted and described") {
  fill_case on_device(vectors()), on_host(vectors(), 1, harness::place_of("cpu"));
  int injected = 0;
  for (const bool pending : {false, true})
    for (int number = 1;; ++number) {
      CAPTURE(number);
      fresh_dispatch fresh;
      vendor().leave_pending(pending);
      plan.arm(number, {}, 0);
      const backend_record& backend = fresh.backends.at(id_cuda);
      plan.disarm();
      CHECK(vendor().is_pending() == pending);
      CHECK(vendor().current_device() == 0);
      if (plan.failed == 0) {
        CHECK(plan.calls == 1 + static_cast<int>(backend.devices.size()));
        break;
      }
      ++injected;
      // Call 1 counts the devices, call 2 describes device 0, and so on.
      const int calls = plan.calls;
      const int undescribed = number - 2;
      const bool usable = number > 2 || (number == 2 && backend.devices.size() > 1);
      CHECK(backend.ready() == usable);
      const backend_record* found = nullptr;
      CHECK(find_device(fresh.backends, "cuda", undescribed < 0 ? 0 : undescribed, &found) != NSAMETA_OK);
      CHECK(tells(nsameta_last_error()));

      on_device.reset();
      const nsameta_status status = fresh.dispatch.fill(&on_device.problem(), &on_device.outputs(), &explicit_target);
      CHECK(status == (number > 2 ? NSAMETA_OK : NSAMETA_BACKEND_UNAVAILABLE));
      if (status != NSAMETA_OK) CHECK(tells(nsameta_last_error()));
      CHECK(on_device.wrong(status) == "");
      on_host.reset();
      CHECK(fresh.dispatch.fill(&on_host.problem(), &on_host.outputs(), &anywhere) == NSAMETA_OK);
      CHECK(on_host.wrong(NSAMETA_OK) == "");
      CHECK(&fresh.backends.at(id_cuda) == &backend);
      CHECK(plan.calls == calls);  // asked once, also after a failure
    }
  vendor().leave_pending(false);
  add_to_totals("opening of a backend", injected);
}

}  // namespace nsameta::test
