#include <doctest/doctest.h>

#include "call.h"

using namespace nsameta::test;

TEST_CASE("target: kind and index") {
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.kind = static_cast<nsameta_device_kind>(5); },
                 {"target.kind is 5"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.index = -1; }, {"target.index is -1"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.index = 1; }, {"target.index is 1", "one host"});
}
