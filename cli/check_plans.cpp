/// nsameta check-plans: the plans of the libraries that are installed against the presets, which Python does.
#include <cerrno>
#include <string>

#include <unistd.h>

#include "commands.h"
#include "messages.h"

namespace nsameta::cli {

int run_check_plans(const check_plans_options& options) {
  // With `-m nsameta.check_plans` a package that is not there would exit 1, as a difference does.
  std::string python = options.python, command = "-c";
  std::string program =
      "import sys\n"
      "try:\n"
      "    from nsameta import check_plans\n"
      "except ImportError as error:\n"
      "    sys.stderr.write('nsameta: check-plans needs the Python package nsameta, and %s cannot import it: %s; '\n"
      "                     '--python names another interpreter\\n' % (sys.executable, error))\n"
      "    sys.exit(3)\n"
      "sys.exit(check_plans.main())\n";
  static_assert(unavailable == 3);
  char* const words[] = {python.data(), command.data(), program.data(), nullptr};
  execvp(words[0], words);
  complain("\"" + options.python + "\" cannot be run: " + system_reason(errno) +
           "; check-plans needs a Python with the package nsameta, and --python names one");
  return unavailable;
}

}  // namespace nsameta::cli
