#include <exception>
#include <iostream>
#include <string>

#include "commands.h"
#include "harness/library_error.h"
#include "nsameta/version.h"

namespace nsameta::cli {

exit_code exit_code_of(nsameta_status status) {
  switch (status) {
    case NSAMETA_OK:
      return success;
    case NSAMETA_INVALID_ARGUMENT:
    case NSAMETA_UNSUPPORTED:
    case NSAMETA_INVALID_OVERRIDE:
      return bad_input;
    case NSAMETA_BACKEND_UNAVAILABLE:
      return unavailable;
    default:
      return failed;
  }
}

namespace {

std::string version() {
  return "nsameta " + std::to_string(NSAMETA_VERSION_MAJOR) + "." + std::to_string(NSAMETA_VERSION_MINOR) + "." +
         std::to_string(NSAMETA_VERSION_PATCH);
}

int run(int argc, char** argv) {
  CLI::App app{"The metadata tables of sparse attention (NSA/DSA), filled in one launch on CUDA, HIP or CPU."};
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 success, 1 mismatch with the reference, 2 bad input, 3 a backend that was asked for cannot run, "
      "4 failure or leak.\nNSAMETA_BACKEND chooses the backend where --backend does not; NSAMETA_LOG=dispatch prints every "
      "decision.");
  int result = success;
  add_info(app, result);
  add_fill(app, result);
  add_replay(app, result);
  add_soak(app, result);
  add_verify(app, result);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? success : bad_input;
  }
  return result;
}

}  // namespace
}  // namespace nsameta::cli

int main(int argc, char** argv) {
  try {
    return nsameta::cli::run(argc, argv);
  } catch (const nsameta::harness::library_error& error) {
    std::cerr << "nsameta: " << error.what() << '\n';
    return nsameta::cli::exit_code_of(error.status());
  } catch (const std::exception& error) {
    std::cerr << "nsameta: " << error.what() << '\n';
    return nsameta::cli::failed;
  }
}
