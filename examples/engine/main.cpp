// engine [host|cuda]: a small serving loop over persistent buffers. Every step's tables are checked against the
// scheduler's own lists. With a CUDA device, decoding replays a graph for each padded batch size.
#include <iostream>

#include "check.h"

namespace {

void serve(engine::device& on) {
  const engine::limits limits;
  engine::scheduler scheduler(limits, 60);
  engine::steps steps(on, limits);
  int prefills = 0, decodes = 0;
  while (!scheduler.done()) {
    if (const auto admitted = scheduler.admit(); !admitted.empty()) {
      check_prefill(steps.prefill(admitted), admitted, limits);
      ++prefills;
    }
    scheduler.grow();
    check_decode(steps.decode(scheduler.running()), scheduler.running(), limits);
    ++decodes;
    scheduler.retire();
  }
  std::cout << prefills << " prefills, " << decodes << " decoding steps, " << on.graphs()
            << " graphs; every table as the scheduler's lists say\n";
}

}  // namespace

int main(int count, char** arguments) {
  const std::string place = count > 1 ? arguments[1] : "host";
  try {
    if (place != "host" && place != "cuda") throw std::invalid_argument("device is " + place + ", not host or cuda");
    serve(*(place == "cuda" ? engine::make_cuda() : engine::make_host()));
  } catch (const engine::unavailable& reason) {
    std::cout << "not run: " << place << ": " << reason.what() << '\n';
    return 77;
  } catch (const std::exception& error) {
    std::cerr << "engine: " << error.what() << '\n';
    return 1;
  }
}
