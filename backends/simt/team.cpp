#include "simt/team.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace nsameta::simt {
namespace {

/// Unwinds a lane whose launch has failed.
struct launch_abandoned {};

/// No power of two, so that the hot tops of the stacks spread over the sets of the caches.
constexpr std::size_t stack_bytes = (sanitizer::active ? 256 : 64) * 1024 + 256;

/// "barrier (scan.h:12)"
std::string describe(const collective_call& call) {
  constexpr const char* names[] = {"barrier", "shuffle_up", "shuffle", "ballot", "sum"};  // in the enum's order
  const std::string file = call.site.file_name();
  return std::string(names[static_cast<int>(call.kind)]) + " (" + file.substr(file.rfind('/') + 1) + ":" +
         std::to_string(call.site.line()) + ")";
}

std::string place_of(const team::member& lane) { return "block " + std::to_string(lane.block) + ": "; }

}  // namespace

team& team::of_this_thread() {
  thread_local constinit team* mine = nullptr;
  thread_local constinit bool ending = false;
  struct owner {
    ~owner() {
      ending = true;
      delete std::exchange(mine, nullptr);
    }
  };
  if (mine == nullptr) {
    // What launches after the thread's own objects are gone, such as a static destructor on the main thread, gets a
    // team that nobody ends.
    if (!ending) thread_local const owner of_mine;
    mine = new team;
  }
  return *mine;
}

team::member::member(team& of, std::size_t bytes) : owner(of), stack(bytes, live, this) {}

team::~team() {
  closing_ = true;
  for (member& each : members_) home_.switch_to(each.stack);
}

// -------------------------------------------------------------------------------------------- the block

void team::prepare() {
  const int threads = shape_.threads, width = shape_.warp_width, warps = threads / width;
  while (static_cast<int>(members_.size()) < threads) members_.emplace_back(*this, stack_bytes);
  while (static_cast<int>(warps_.size()) < warps) warps_.emplace_back();
  ready_.resize(members_.size());
  waking_.resize(members_.size());
  const std::size_t lines = (shape_.shared_bytes + sizeof(cache_line) - 1) / sizeof(cache_line);
  shared_memory_.resize(std::max(shared_memory_.size(), lines));
  std::memset(shared(), poison, shape_.shared_bytes);

  // The lane that is woken last runs first.
  const auto waking_place = [&](int thread) { return backwards_ ? thread : threads - 1 - thread; };
  const auto convene = [&](meeting& at, int first, int members) {
    at.first = waking_place(backwards_ ? first : first + members - 1);
    at.members = members;
    at.arrived = 0;
  };
  convene(block_, 0, threads);
  for (int i = 0; i < warps; ++i) convene(warps_[static_cast<std::size_t>(i)], i * width, width);
  for (int thread = 0; thread < threads; ++thread) {
    member& each = members_[static_cast<std::size_t>(thread)];
    each.block = shape_.block;
    each.thread = thread;
    each.place = waking_place(thread);
    each.its_warp = &warps_[static_cast<std::size_t>(thread / width)];
    each.finished = false;
    waking_[static_cast<std::size_t>(each.place)] = &each;
  }
}

std::string team::run_block(const block_shape& shape, lane_body body) {
  shape_ = shape;
  // What a missing barrier leaves to chance comes out differently when the lanes run in the other order.
  backwards_ = !backwards_;
  prepare();
  body_ = body;
  unfinished_ = shape.threads;
  failure_.clear();
  ready_count_ = 0;
  wake(block_, nullptr);
  home_.switch_to(next_ready());
  if (unfinished_ > 0) unwind_unfinished();
  return failure_;
}

/// Nothing can go on: either a lane failed, or lanes wait for others that will never come.
void team::unwind_unfinished() {
  for (member& each : members_) {
    if (each.finished) continue;
    if (failure_.empty())
      failure_ = place_of(each) + "divergent collective: thread " + std::to_string(each.thread) + " waits at " +
                 describe(each.waits_at->call) + ", which " + std::to_string(each.waits_at->arrived) + " of " +
                 std::to_string(each.waits_at->members) + " lanes reached";
    home_.switch_to(each.stack);
  }
}

void team::live(void* argument) {
  member& self = *static_cast<member*>(argument);
  team& owner = self.owner;
  while (!owner.closing_) {
    owner.run_lane(self);
    self.stack.switch_to(owner.next_ready());
  }
}

void team::run_lane(member& self) {
  if (failure_.empty()) {
    try {
      body_.call(body_.kernel, self);
    } catch (const launch_abandoned&) {
    }
  }
  self.finished = true;
  --unfinished_;
}

/// Who runs when the running fibre cannot: the launching thread when nobody is left, or when all have to be unwound.
inline fibre& team::next_ready() {
  if (ready_count_ == 0 || !failure_.empty()) return home_;
  return ready_[--ready_count_]->stack;
}

void team::wake(const meeting& group, const member* except) {
  const auto append = [&](int begin, int end) {
    std::copy(waking_.data() + begin, waking_.data() + end, ready_.data() + ready_count_);
    ready_count_ += static_cast<std::size_t>(end - begin);
  };
  const int end = group.first + group.members;
  const int left_out = except ? except->place : end;
  append(group.first, left_out);
  if (except) append(left_out + 1, end);
}

// -------------------------------------------------------------------------------------- the collectives

[[gnu::always_inline]] inline void team::arrive(member& self, meeting& at, const collective_call& call) {
  if (at.arrived == 0)
    at.call = call;
  else if (!same_call(at.call, call))
    fail_at_different_calls(self, at.call, call);
  if (++at.arrived == at.members) {  // the last one goes on, the others follow
    at.arrived = 0;
    ++at.round;
    wake(at, &self);
    return;
  }
  self.waits_at = &at;
  self.stack.switch_to(next_ready());
  if (!failure_.empty()) throw launch_abandoned{};
}

void team::meet_block(member& self, const collective_call& call) { arrive(self, block_, call); }

void team::meet_warp(member& self, const collective_call& call) { arrive(self, *self.its_warp, call); }

std::uint64_t team::add(member& self, std::uint64_t number, const collective_call& call) {
  warp& mine = *self.its_warp;
  std::uint64_t& sum = mine.sums[mine.round % 2];
  if (mine.arrived == 0) sum = 0;
  sum += number;
  arrive(self, mine, call);
  return sum;
}

void team::fail_at_different_calls(const member& self, const collective_call& others, const collective_call& own) {
  fail(self, "divergent collective: thread " + std::to_string(self.thread) + " is at " + describe(own) +
                 " while others wait at " + describe(others));
}

void team::fail(const member& self, std::string what) {
  failure_ = place_of(self) + what;
  throw launch_abandoned{};
}

}  // namespace nsameta::simt
