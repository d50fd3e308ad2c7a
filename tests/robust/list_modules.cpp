/// Prints where cuda's module stands: its version, and why it is of no use.
#include <iostream>
#include <string>

#include <nsameta/nsameta.hpp>

int main() {
  for (const nsameta_backend_info& each : nsameta::backends())
    if (std::string(each.name) == "cuda") std::cout << "version " << each.version << ", reason " << each.reason << '\n';
}
