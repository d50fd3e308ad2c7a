/// The kernels' view of the host: a thread is a fibre.
#pragma once

#include <cstdint>
#include <new>
#include <source_location>
#include <string>
#include <type_traits>

#include "gpu/thread_context.h"
#include "simt/team.h"

namespace nsameta::simt {

template <int width>
class thread_context {
 public:
  using call_site = std::source_location;
  static constexpr int warp_width = width;
  static_assert(width == 32 || width == 64);

  thread_context(team::member& self, int set) : self_(&self), set_(set) {}

  int thread() const { return self_->thread; }
  int block() const { return self_->block; }
  int set() const { return set_; }
  void barrier(const call_site& site = call_site::current()) {
    self_->owner.meet_block(*self_, {collective::barrier, 0, site});
  }

  template <class T>
  T shuffle_up(const T& value, int delta, const call_site& site = call_site::current()) {
    if (delta < 0 || delta >= width) self_->owner.fail(*self_, "shuffle_up by " + std::to_string(delta) + " lanes");
    const int own = thread() % width;
    return move(collective::shuffle_up, value, own < delta ? own : own - delta, site);
  }
  template <class T>
  T shuffle(const T& value, int from, const call_site& site = call_site::current()) {
    if (from < 0 || from >= width) self_->owner.fail(*self_, "shuffle from lane " + std::to_string(from));
    return move(collective::shuffle, value, from, site);
  }
  std::uint64_t ballot(bool vote, const call_site& site = call_site::current()) {
    return self_->owner.add(*self_, std::uint64_t{vote} << (thread() % width), {collective::ballot, 0, site});
  }
  std::uint32_t sum(std::uint32_t number, const call_site& site = call_site::current()) {
    return static_cast<std::uint32_t>(self_->owner.add(*self_, number, {collective::sum, 0, site}));
  }

  void store_streaming(std::int32_t* to, const gpu::piece& from) const { *reinterpret_cast<gpu::piece*>(to) = from; }

  void await_earlier_kernels() const {}  // a stream's kernels run one after the other
  void let_later_kernels_start() const {}

 private:
  template <class T>
  T move(collective kind, const T& value, int from, const call_site& site) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 4 == 0 && sizeof(T) <= warp::max_value_bytes);
    warp& mine = *self_->its_warp;
    std::byte* const values = mine.values[mine.round % 2];
    const auto place = [&](int of) { return values + static_cast<std::size_t>(of) * sizeof(T); };
    // As objects: to a sanitizer a memcpy is a call.
    ::new (place(thread() % width)) T(value);
    self_->owner.meet_warp(*self_, {kind, sizeof(T), site});
    return *std::launder(reinterpret_cast<const T*>(place(from)));
  }

  team::member* self_;
  int set_;
};

}  // namespace nsameta::simt
