#include "json_documents.h"

#include <string_view>

namespace nsameta::cli {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Counts open brackets outside of strings.
class bracket_depth {
 public:
  void read(const std::string& line) {
    for (const char c : line) {
      if (in_string_) {
        if (c == '"' && !escaped_) in_string_ = false;
        escaped_ = c == '\\' && !escaped_;
      } else if (c == '"') {
        in_string_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if (c == '}' || c == ']') {
        --depth_;
      }
    }
    in_string_ = escaped_ = false;  // a JSON string never spans lines
  }
  bool open() const { return depth_ > 0; }

 private:
  long depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace

bool json_documents::next(std::string& document, long& first_line) {
  document.clear();
  bracket_depth depth;
  std::string line;
  while (std::getline(input_, line)) {
    if (++line_ == 1 && line.starts_with(byte_order_mark)) line.erase(0, byte_order_mark.size());
    if (document.empty() && line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (document.empty()) first_line = line_;
    document += line;
    document += '\n';
    depth.read(line);
    if (!depth.open()) return true;
  }
  return !document.empty();
}

}  // namespace nsameta::cli
