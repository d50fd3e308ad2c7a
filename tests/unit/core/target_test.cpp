#include <doctest/doctest.h>

#include "call.h"

using namespace nsameta::test;

TEST_CASE("target: kind and index") {
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.kind = static_cast<nsameta_device_kind>(5); },
                 {"target.kind is 5"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.index = -1; }, {"target.index is -1"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.index = 1; }, {"target.index is 1", "one host"});
}

TEST_CASE("target: flags beyond those that there are") {
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.flags = 2; }, {"target.flags is 0x2", "no_overlap (0x1)"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.target.flags = NSAMETA_TARGET_NO_OVERLAP | std::uint64_t{1} << 63; },
                 {"target.flags is 0x8000000000000001"});
  check_accepted(NSAMETA_DECODE, [](call& c) { c.target.flags = NSAMETA_TARGET_NO_OVERLAP; });
}
