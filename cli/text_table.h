/// Columns of text, aligned; control characters in cells are shown as text.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace nsameta::cli {

class text_table {
 public:
  /// A title that begins with '>' makes its column right-aligned.
  explicit text_table(std::vector<std::string> titles);

  void add_row(std::vector<std::string> cells);
  void print(std::ostream& out) const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;  // the titles first
};

/// `value` with so many digits behind the point.
std::string fixed(double value, int digits);

}  // namespace nsameta::cli
