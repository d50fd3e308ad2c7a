/// nsameta_bench_gpu [--backend cuda[:index][/variant]] [--filter TEXT] [--quick] [--first-call]
/// Times on a GPU as one JSON object on standard output: groups of samples in microseconds. bench/run drives it.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "groups.h"

int main(int argc, char** argv) {
  using namespace nsameta::bench;
  gpu_options options;
  bool first_call = false;
  CLI::App app{"Times nsameta on a GPU"};
  app.add_option("--backend", options.backend, "cuda[:index][/variant]")->capture_default_str();
  app.add_option("--filter", options.filter, "only groups whose name holds this text");
  app.add_flag("--quick", options.quick, "fewer sizes and repetitions");
  app.add_flag("--first-call", first_call, "only the first fill after the warm-up, and later ones");
  CLI11_PARSE(app, argc, argv);
  try {
    if (first_call) {
      std::cout << measure_first_call(options.backend) << '\n';
      return 0;
    }
    gpu_session session(options);
    measure_vector_nodes(session);
    measure_calls(session);
    measure_general(session);
    measure_plans(session);
    measure_compressed_caches(session);
    measure_long_rows(session);
    std::cout << session.to_json() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "nsameta_bench_gpu: " << error.what() << '\n';
    return 1;
  }
}
