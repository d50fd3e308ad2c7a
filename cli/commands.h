/// The subcommands: what each is asked for, and its run, in the file of its name.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "nsameta/nsameta.h"
#include "replay/scheduler.h"

namespace nsameta::cli {

/// What the program's exit status means, for every subcommand.
enum exit_code : int {
  success = 0,
  mismatch = 1,     ///< a backend gave other bits than the reference, or a library another plan than all presets
  bad_input = 2,    ///< a problem, trace, option or override that makes no sense
  unavailable = 3,  ///< a backend that was asked for cannot run here, or Python cannot
  failed = 4        ///< anything else: a device error, no memory, a leak
};

/// The exit status for a library call that failed.
exit_code exit_code_of(nsameta_status status);

/// An option that makes no sense, which only its command can tell. The exit status is bad_input.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Backends are named as in "name[:index][/variant]", comma-separated where there may be more; "" is for all or any.

struct info_options {
  bool json = false;
};

struct fill_options {
  std::string input = "-";  ///< standard input
  std::string backend;
  bool explain = false;
};

struct replay_options {
  std::string trace;  ///< "": the built-in workload
  std::string backend;
  scheduler_options schedule;
  std::int64_t steps = 0;       ///< 0: the whole log
  std::int32_t page_size = 64;  ///< tokens
  bool no_tables = false;
  bool plans = false;
  std::string model;  ///< whose caches; "": none
  bool check = false;
  bool json = false;
};

struct soak_options {
  double minutes = 1;
  std::string backends;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> only_case;
  bool json = false;
};

struct verify_options {
  std::string backends;
  std::string required;
  std::uint64_t cases = 500;
  std::uint64_t seed = 1;
  bool json = false;
};

struct check_plans_options {
  std::string python = "python3";  ///< a program's name, or its path
};

/// Each returns the exit status. They throw usage_error, and library_error of a call that failed.
int run_info(const info_options& options);
int run_fill(const fill_options& options);
int run_replay(const replay_options& options);
int run_soak(const soak_options& options);
int run_verify(const verify_options& options);
/// Goes on as the interpreter, whose exit status is then the program's, and returns only where that cannot be run.
int run_check_plans(const check_plans_options& options);

}  // namespace nsameta::cli
