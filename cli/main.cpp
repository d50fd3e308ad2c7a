#include <cerrno>
#include <exception>
#include <iostream>
#include <string>

#include "command_line.h"
#include "commands.h"
#include "harness/library_error.h"
#include "messages.h"

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
  using namespace nsameta::cli;
  std::cout.exceptions(std::ios::badbit);  // whoever prints, nothing is lost in silence
  try {
    const int code = run_command_line(argc, argv);
    std::cout.flush();
    return code;
  } catch (const nsameta::harness::library_error& error) {
    complain(error.what());
    return exit_code_of(error.status());
  } catch (const usage_error& error) {
    complain(error.what());
    return bad_input;
  } catch (const std::ios_base::failure&) {
    const std::string why = system_reason(errno);
    std::cout.exceptions(std::ios::goodbit);  // standard error and the end of the process flush it once more
    complain("writing to standard output failed: " + why);
    return failed;
  } catch (const std::exception& error) {
    complain(error.what());
    return failed;
  }
}
