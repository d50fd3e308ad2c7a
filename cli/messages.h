/// What the program says, and that nothing in it steers a terminal.
#pragma once

#include <string>
#include <string_view>

#include "harness/problem_json.h"

namespace nsameta::cli {

/// Foreign text for a terminal: control characters, and bytes that are no UTF-8, as "\\x1b". New lines too.
std::string printable(std::string_view text);

/// One line on standard error, after the program's name.
void complain(std::string_view what);

/// `object` over many lines, or on one where `indent` is below 0. What is no UTF-8 in it, such as a file's name, is
/// replaced.
std::string json_text(const harness::json& object, int indent = 2);

/// "No such file or directory", of an `errno`.
std::string system_reason(int error);

}  // namespace nsameta::cli
