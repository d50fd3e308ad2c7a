#include <exception>
#include <iostream>

#include "command_line.h"
#include "commands.h"
#include "harness/library_error.h"

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

}  // namespace nsameta::cli

int main(int argc, char** argv) {
  try {
    return nsameta::cli::run_command_line(argc, argv);
  } catch (const nsameta::harness::library_error& error) {
    std::cerr << "nsameta: " << error.what() << '\n';
    return nsameta::cli::exit_code_of(error.status());
  } catch (const nsameta::cli::usage_error& error) {
    std::cerr << "nsameta: " << error.what() << '\n';
    return nsameta::cli::bad_input;
  } catch (const std::exception& error) {
    std::cerr << "nsameta: " << error.what() << '\n';
    return nsameta::cli::failed;
  }
}
