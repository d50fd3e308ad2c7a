/// Threads that begin together.
#pragma once

#include <barrier>
#include <string>
#include <thread>
#include <vector>

namespace nsameta::test {

/// Calls `work(i)` on `count` threads, each when all are there, and returns when all are done.
template <class Work>
void on_threads(int count, const Work& work) {
  std::barrier all_there(count);
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      all_there.arrive_and_wait();
      work(i);
    });
}

/// As above; what each said, without the empty ones, a line each.
template <class Work>
std::string complaints_of_threads(int count, const Work& work) {
  std::vector<std::string> said(static_cast<std::size_t>(count));
  on_threads(count, [&](int i) { said[static_cast<std::size_t>(i)] = work(i); });
  std::string all;
  for (const std::string& each : said)
    if (!each.empty()) all += each + '\n';
  return all;
}

}  // namespace nsameta::test
