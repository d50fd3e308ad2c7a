#include "progress_bar.h"

#include <algorithm>
#include <iostream>
#include <string>

#include <unistd.h>

namespace nsameta::cli {
namespace {

constexpr int width = 50;

std::string duration(double seconds) {
  const auto all = static_cast<long>(seconds + 0.5);
  if (all < 60) return std::to_string(all) + " s";
  if (all < 3600) return std::to_string(all / 60) + " min " + std::to_string(all % 60) + " s";
  return std::to_string(all / 3600) + " h " + std::to_string(all / 60 % 60) + " min";
}

}  // namespace

progress_bar::progress_bar() : terminal_(isatty(STDERR_FILENO) != 0) {}

progress_bar::~progress_bar() {
  if (percent_ >= 0) std::cerr << "\r\033[K" << std::flush;
}

void progress_bar::show(double share) {
  if (!terminal_) return;
  share = std::clamp(share, 0.0, 1.0);
  const int percent = static_cast<int>(share * 100);
  const auto now = clock::now();
  if (percent == percent_ && now - drawn_ < std::chrono::seconds(1)) return;
  percent_ = percent;
  drawn_ = now;
  const auto full = static_cast<std::size_t>(percent * width / 100);
  std::cerr << "\r[" << std::string(full, '#') << std::string(width - full, ' ') << "] " << percent << " %";
  if (share > 0)
    std::cerr << ", " << duration(std::chrono::duration<double>(now - begin_).count() / share * (1 - share)) << " left";
  std::cerr << "\033[K" << std::flush;
}

}  // namespace nsameta::cli
