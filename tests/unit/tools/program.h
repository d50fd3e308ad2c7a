/// Runs the program and catches what it says.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace nsameta::test {

struct outcome {
  int code;
  std::string out;
  std::string err;
};

/// `arguments` as a shell takes them; `input` on standard input; `environment` as "NAME=value". What the tests' own
/// environment says of backends does not reach the program. With `output`, standard output goes to that file.
outcome run(const std::string& arguments, const std::string& input = "", const std::string& environment = "",
            const std::string& output = "");

/// All that the program shows on a terminal; "" where there is no `script`, which makes one.
std::string shown_on_terminal(const std::string& arguments);

std::vector<std::string> lines_of(const std::string& text);
nlohmann::json json_of(const outcome& result);

/// Whether `nsameta info` calls the backend ready.
bool is_ready(const std::string& backend);

/// A file that lives as long as this object.
class temporary_file {
 public:
  explicit temporary_file(const std::string& content = "");
  ~temporary_file();
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  const std::string& path() const { return path_; }
  std::string read() const;

 private:
  std::string path_;
};

}  // namespace nsameta::test
