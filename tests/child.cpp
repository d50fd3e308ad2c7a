#include "child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace nsameta::test {
namespace {

constexpr unsigned seconds_to_live = 60;

[[noreturn]] void be_child(ending how, int to, const std::function<std::string()>& body) {
  alarm(seconds_to_live);
  const std::string said = body();
  const bool told = write(to, said.data(), said.size()) == static_cast<ssize_t>(said.size());
  close(to);
  how == ending::by_exit ? std::exit(told ? 0 : 1) : _exit(told ? 0 : 1);
}

}  // namespace

std::string in_child(ending how, const std::function<std::string()>& body) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);  // or the child prints what the parent did
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child == 0) {
    close(ends[0]);
    be_child(how, ends[1], body);
  }
  close(ends[1]);
  std::string said;
  char text[1024];
  for (ssize_t got; (got = read(ends[0], text, sizeof text)) > 0;) said.append(text, static_cast<std::size_t>(got));
  close(ends[0]);
  int state = 0;
  waitpid(child, &state, 0);
  if (WIFSIGNALED(state)) return said + "the child died of signal " + std::to_string(WTERMSIG(state));
  return WEXITSTATUS(state) == 0 ? said : said + "the child ended with " + std::to_string(WEXITSTATUS(state));
}

}  // namespace nsameta::test
