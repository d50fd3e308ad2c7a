#include "totals.h"

#include <cstdio>
#include <map>

namespace nsameta::test {
namespace {

std::map<std::string, int> totals;

}  // namespace

void add_to_totals(const std::string& call, int faults) { totals[call] += faults; }

void print_totals() {
  int sum = 0;
  for (const auto& [name, count] : totals) {
    std::printf("%6d  %s\n", count, name.c_str());
    sum += count;
  }
  std::printf("faults injected: %d\n", sum);
}

}  // namespace nsameta::test
