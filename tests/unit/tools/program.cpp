#include "program.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace nsameta::test {

temporary_file::temporary_file(const std::string& content) : path_("/tmp/nsameta_test_XXXXXX") {
  const int descriptor = mkstemp(path_.data());
  if (descriptor < 0) throw std::runtime_error("cannot make " + path_);
  close(descriptor);
  std::ofstream(path_) << content;
}

temporary_file::~temporary_file() { unlink(path_.c_str()); }

std::string temporary_file::read() const {
  std::ostringstream text;
  text << std::ifstream(path_).rdbuf();
  return text.str();
}

outcome run(const std::string& arguments, const std::string& input, const std::string& environment,
            const std::string& output) {
  const temporary_file in(input), out, err;
  const std::string command = "env -u NSAMETA_BACKEND -u NSAMETA_REQUIRE -u NSAMETA_LOG " + environment +
                              " '" NSAMETA_PROGRAM "' " + arguments + " < " + in.path() + " > " +
                              (output.empty() ? out.path() : output) + " 2> " + err.path();
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, out.read(), err.read()};
}

std::string shown_on_terminal(const std::string& arguments) {
  const temporary_file shown;
  const std::string command = "env -u NSAMETA_BACKEND -u NSAMETA_REQUIRE script -qec \"'" NSAMETA_PROGRAM "' " +
                              arguments + "\" /dev/null < /dev/null > " + shown.path() + " 2> /dev/null";
  return std::system(command.c_str()) == 0 ? shown.read() : "";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

nlohmann::json json_of(const outcome& result) { return nlohmann::json::parse(result.out); }

bool is_ready(const std::string& backend) {
  const nlohmann::json info = json_of(run("info --json"));
  for (const auto& entry : info["backends"])
    if (entry["name"] == backend) return entry["state"] == "ready";
  return false;
}

}  // namespace nsameta::test
