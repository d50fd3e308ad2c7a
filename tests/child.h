/// Forked children that report what went wrong in them.
#pragma once

#include <functional>
#include <string>

namespace nsameta::test {

/// How a child ends.
enum class ending {
  by_exit,      ///< with handlers and destructors
  without_exit  ///< by _exit: right where the parent has other threads, whose memory looks lost to a leak checker
};

/// Forks; the child calls `body` and ends. Returns what `body` returned, or how the child died. A child that takes
/// longer than 60 s is killed.
std::string in_child(ending how, const std::function<std::string()>& body);

}  // namespace nsameta::test
