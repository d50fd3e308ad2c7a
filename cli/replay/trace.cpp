#include "replay/trace.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include "words.h"

namespace nsameta::cli {
namespace {

constexpr std::int64_t most_tokens = std::numeric_limits<std::int32_t>::max();

std::vector<std::string_view> cut_row(std::string_view line) {
  std::vector<std::string_view> cells;
  for_each_word(line, [&](std::string_view cell) {
    if (cell.size() >= 2 && cell.starts_with('"') && cell.ends_with('"')) cell = cell.substr(1, cell.size() - 2);
    cells.push_back(cell);
  });
  return cells;
}

/// As it stands in a message, which a null character would end.
std::string quoted(std::string_view text, std::size_t most) {
  std::string shown = '"' + std::string(text.substr(0, most)) + '"';
  std::ranges::replace(shown, '\0', '?');
  return shown;
}

/// A finite number that fills the whole text.
template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(static_cast<double>(number))) return std::nullopt;  // from_chars reads "inf" and "nan"
  return number;
}

/// Seconds since 1970 of "2023-11-16 18:17:03.9799600".
std::optional<double> to_seconds(std::string_view text) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto year = to_number<int>(text.substr(0, 4));
  const auto month = to_number<unsigned>(text.substr(5, 2));
  const auto day = to_number<unsigned>(text.substr(8, 2));
  const auto hour = to_number<unsigned>(text.substr(11, 2));
  const auto minute = to_number<unsigned>(text.substr(14, 2));
  const auto second = to_number<double>(text.substr(17));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return static_cast<double>(days) * 86400.0 + *hour * 3600.0 + *minute * 60.0 + *second;
}

struct columns {
  std::size_t time, input, output;
  bool milliseconds;
};

columns find_columns(std::string_view header) {
  const auto cells = cut_row(header);
  const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto at = std::find(cells.begin(), cells.end(), name);
    if (at == cells.end()) return std::nullopt;
    return static_cast<std::size_t>(at - cells.begin());
  };
  const auto all = [&](const char* time, const char* input, const char* output, bool ms) -> std::optional<columns> {
    const auto t = find(time), i = find(input), o = find(output);
    if (!t || !i || !o) return std::nullopt;
    return columns{*t, *i, *o, ms};
  };
  if (const auto found = all("TIMESTAMP", "ContextTokens", "GeneratedTokens", false)) return *found;
  if (const auto found = all("timestamp_ms", "input_tokens", "output_tokens", true)) return *found;
  throw trace_error("line 1: " + quoted(header, 80) +
                    " names neither TIMESTAMP,ContextTokens,GeneratedTokens nor "
                    "timestamp_ms,input_tokens,output_tokens");
}

trace_error bad_cell(long line, const char* column, std::string_view cell, const char* what) {
  return trace_error("line " + std::to_string(line) + ": " + column + " " + quoted(cell, 40) + " is " + what);
}

std::int64_t to_tokens(std::string_view cell, long line, const char* column) {
  const auto tokens = to_number<std::int64_t>(cell);
  if (!tokens) throw bad_cell(line, column, cell, "no integer");
  if (*tokens < 0 || *tokens > most_tokens) throw bad_cell(line, column, cell, "outside 0 to 2147483647");
  return *tokens;
}

}  // namespace

std::vector<request> read_trace(std::istream& input) {
  std::string line;
  errno = 0;
  const auto refuse_unreadable = [&input] {
    if (input.bad()) throw trace_error("reading failed: " + std::generic_category().message(errno != 0 ? errno : EIO));
  };
  std::getline(input, line);
  refuse_unreadable();
  if (!input) throw trace_error("line 1: no header");
  if (constexpr std::string_view byte_order_mark = "\xef\xbb\xbf"; line.starts_with(byte_order_mark))
    line.erase(0, byte_order_mark.size());
  const columns at = find_columns(line);

  std::vector<request> requests;
  for (long number = 2; std::getline(input, line); ++number) {
    const auto cells = cut_row(line);
    if (cells.size() == 1 && cells[0].empty()) continue;
    if (cells.size() <= std::max({at.time, at.input, at.output}))
      throw trace_error("line " + std::to_string(number) + ": only " + std::to_string(cells.size()) + " columns");
    const auto time = at.milliseconds ? to_number<double>(cells[at.time]) : to_seconds(cells[at.time]);
    if (!time) throw bad_cell(number, at.milliseconds ? "timestamp_ms" : "TIMESTAMP", cells[at.time], "no time");
    requests.push_back({at.milliseconds ? *time / 1e3 : *time, to_tokens(cells[at.input], number, "input tokens"),
                        to_tokens(cells[at.output], number, "output tokens")});
  }
  refuse_unreadable();
  if (requests.empty()) throw trace_error("no request comes after the header");
  std::stable_sort(requests.begin(), requests.end(),
                   [](const request& a, const request& b) { return a.arrival_s < b.arrival_s; });
  for (const double first = requests.front().arrival_s; request & r : requests) r.arrival_s -= first;
  return requests;
}

}  // namespace nsameta::cli
