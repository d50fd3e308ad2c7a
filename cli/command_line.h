/// The command line: where the options of all subcommands are declared.
#pragma once

namespace nsameta::cli {

/// Parses the arguments and runs the subcommand they name. Returns the exit status. Throws what the subcommand throws:
/// usage_error, or library_error of a call that failed.
int run_command_line(int argc, char** argv);

}  // namespace nsameta::cli
