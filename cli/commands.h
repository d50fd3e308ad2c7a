/// The subcommands, each in the file of its name.
#pragma once

#include <CLI/CLI.hpp>

#include "nsameta/nsameta.h"

namespace nsameta::cli {

/// What the program's exit status means, for every subcommand.
enum exit_code : int {
  success = 0,
  mismatch = 1,     ///< a backend gave other bits than the reference
  bad_input = 2,    ///< a problem, trace, option or override that makes no sense
  unavailable = 3,  ///< a backend that was asked for cannot run here
  failed = 4        ///< anything else: a device error, no memory, a leak
};

/// Each adds its subcommand to `app`; when it is the one that runs, it leaves its exit status in `result`.
void add_info(CLI::App& app, int& result);
void add_fill(CLI::App& app, int& result);
void add_replay(CLI::App& app, int& result);
void add_soak(CLI::App& app, int& result);
void add_verify(CLI::App& app, int& result);

/// The exit status for a library call that failed.
exit_code exit_code_of(nsameta_status status);

}  // namespace nsameta::cli
