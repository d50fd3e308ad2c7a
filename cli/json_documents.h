/// Cuts a stream into JSON documents: JSON lines, one document over many lines, or any mixture of the two.
#pragma once

#include <istream>
#include <string>

namespace nsameta::cli {

class json_documents {
 public:
  explicit json_documents(std::istream& input) : input_(input) {}

  /// The next document, which ends with the line that closes its last bracket, and the line it begins on, counted from
  /// 1. A line that is no JSON is a document of its own, so that one bad line does not hide the next good one.
  bool next(std::string& document, long& first_line);

 private:
  std::istream& input_;
  long line_ = 0;
};

}  // namespace nsameta::cli
