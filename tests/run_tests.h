/// doctest's own run, which fails where no test case was chosen: a filter that is spelt wrong tests nothing.
#pragma once

namespace nsameta::test {

/// The exit status of the cases that the command line chooses.
int run_tests(int argc, char** argv);

}  // namespace nsameta::test
