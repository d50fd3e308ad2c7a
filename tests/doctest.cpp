// doctest itself, compiled once for all programs: it takes longer than most tests.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
