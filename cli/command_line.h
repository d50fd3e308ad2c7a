/// The command line: the one place that knows the options by name.
#pragma once

namespace nsameta::cli {

/// Parses the arguments and runs the subcommand they name. Returns the exit status.
int run_command_line(int argc, char** argv);

}  // namespace nsameta::cli
