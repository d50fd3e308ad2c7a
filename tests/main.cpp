#include "run_tests.h"

int main(int argc, char** argv) { return nsameta::test::run_tests(argc, argv); }
