/// Five fake backends, two of them with devices whose memory only they reach, and a dispatcher of their own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dispatcher.h"

namespace nsameta::test {

/// What a fake is, and what happened to it.
struct fake_backend {
  nsameta_backend_state state = NSAMETA_BACKEND_READY;
  std::string reason;
  std::int32_t device_count = 1;
  std::int32_t first_device_without_code = 1 << 20;

  nsameta_status allocate_status = NSAMETA_OK, fill_status = NSAMETA_OK, locate_status = NSAMETA_OK;
  int copies_before_failure = 1 << 20;
  bool capturing = false;

  struct seen_fill {
    launch_policy policy;
    launch_place place;
    bool reached_all;  ///< every buffer was in memory that the device reaches
  };
  std::vector<seen_fill> fills;
  std::vector<std::int32_t> warm_ups;
  std::vector<void*> copy_streams;
  std::atomic<int> openings{0}, probes{0}, locates{0};
  int live_allocations = 0;
};

struct fake_memory {
  int backend;
  memory_kind kind;
  std::int32_t device;
  std::size_t bytes;
};

/// A call to nsameta_fill over buffers that a test places where it likes.
struct fake_world {
  explicit fake_world(const char* environment = nullptr);
  ~fake_world();

  fake_backend& operator[](int id) { return fakes[static_cast<std::size_t>(id)]; }

  /// Memory of a device, or memory that the host reaches too; freed with the world.
  std::int32_t* on_device(int id, std::int32_t device = 0) { return place(id, memory_kind::device, device); }
  std::int32_t* pinned(int id) { return place(id, memory_kind::host_reachable, 0); }

  /// Moves the call's buffers.
  void put_inputs(std::int32_t* seq_lens);
  void put_outputs(std::int32_t* cache_seqlens);
  void put_all_on(int id, std::int32_t device = 0);

  nsameta_status fill() { return dispatch.fill(&problem, &outputs, &target); }
  nsameta_status explain() { return dispatch.explain(&problem, &outputs, &target, &decision); }

  /// "backend/variant", with "@device" after it unless that is 0 and " staged" where it is; "nobody" after a failure.
  std::string decided();
  /// The rejection of a candidate; its code is 0 if there is none.
  nsameta_rejection rejection(const std::string& candidate) const;

  std::array<fake_backend, backend_count> fakes;
  std::map<const void*, fake_memory> memory;
  std::array<std::int32_t, 16> host_seq_lens{10, 20, 30, 40}, host_cache_seqlens{};
  nsameta_problem problem;
  nsameta_outputs outputs;
  nsameta_target target{NSAMETA_DEVICE_AUTO, 0, nullptr, 0};
  nsameta_decision decision{};
  registry backends;
  override_setting setting;
  dispatcher dispatch;

 private:
  std::int32_t* place(int id, memory_kind kind, std::int32_t device);
  std::vector<std::unique_ptr<std::int32_t[]>> blocks_;
};

}  // namespace nsameta::test
