#include "scheduler.h"

#include <algorithm>

namespace engine {
namespace {

int pages_at_most(const request& of, int page) { return (of.prompt + of.output + page - 1) / page; }

}  // namespace

scheduler::scheduler(const limits& with, int requests) : limits_(with) {
  std::mt19937 random(1);
  const auto between = [&](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
  for (int i = 0; i < requests; ++i) {
    request next{};
    next.prompt = between(1, limits_.width / 2);
    next.cached = between(0, 3) == 0 ? between(0, next.prompt - 1) : 0;
    next.output = between(1, limits_.width / 2);
    waiting_.push_back(next);
  }
  for (int slot = limits_.batch; slot > 0; --slot) free_slots_.push_back(slot);
  for (int page = limits_.pages(); page > 0; --page) free_pages_.push_back(page);
  std::shuffle(free_pages_.begin(), free_pages_.end(), random);
}

std::vector<request*> scheduler::admit() {
  std::vector<request*> admitted;
  while (!waiting_.empty() && !free_slots_.empty()) {
    const int needed = pages_at_most(waiting_.front(), limits_.page);
    if (promised_ + needed > limits_.pages()) break;
    promised_ += needed;
    request& next = running_.emplace_back(waiting_.front());
    waiting_.pop_front();
    next.slot = free_slots_.back();
    free_slots_.pop_back();
    append(next, next.prompt);
    admitted.push_back(&next);
  }
  return admitted;
}

void scheduler::grow() {
  for (request& each : running_) append(each, 1);
}

void scheduler::retire() {
  std::erase_if(running_, [&](const request& each) {
    if (each.length() < each.prompt + each.output) return false;
    promised_ -= pages_at_most(each, limits_.page);
    free_slots_.push_back(each.slot);
    free_pages_.insert(free_pages_.end(), each.pages.begin(), each.pages.end());
    return true;
  });
}

void scheduler::append(request& to, int count) {
  for (; count > 0; --count) {
    const int position = to.length();
    if (position % limits_.page == 0) {
      to.pages.push_back(free_pages_.back());
      free_pages_.pop_back();
    }
    to.tokens.push_back(to.pages.back() * limits_.page + position % limits_.page);
  }
}

}  // namespace engine
