#include "staging.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "buffers.h"
#include "byte_ranges.h"
#include "status.h"

namespace nsameta {
namespace {

/// Calls `visit(buffer, data, place)` for each buffer, which stands `place` bytes into the one block that holds them
/// all: inputs first, so that the outputs are one piece. Returns the bytes of the block.
template <class Problem, class Outputs, class Visit>
std::size_t for_each_place(Problem& problem, Outputs& outputs, Visit visit) {
  constexpr std::size_t alignment = 256;  // what device allocations give, so that kernels see what they expect
  std::size_t place = 0;
  for_each_buffer(problem, outputs, [&](const buffer& shown, auto& data) {
    visit(shown, data, place);
    place += (static_cast<std::size_t>(shown.bytes) + alignment - 1) / alignment * alignment;
  });
  return place;
}

/// The block of one call.
struct layout {
  std::size_t bytes, outputs_begin;

  layout(const nsameta_problem& problem, const nsameta_outputs& outputs) {
    const nsameta_outputs none{};
    const auto pass = [](const buffer&, const void*, std::size_t) {};
    outputs_begin = for_each_place(problem, none, pass);
    bytes = for_each_place(problem, outputs, pass);
  }
};

/// The side that holds the buffers.
struct owner_side {
  const backend_record* backend;  // null: plain host memory
  launch_place place;

  nsameta_status refuse_capture() const {
    if (backend == nullptr) return NSAMETA_OK;
    bool capturing = false;
    failure_text why{};
    const nsameta_status status = backend->table->services.is_capturing(place, &capturing, &why);
    if (status != NSAMETA_OK) return fail(status, "%s: %s", backend->name(), why.text);
    if (!capturing) return NSAMETA_OK;
    return fail(NSAMETA_CAPTURE_REFUSED,
                "the stream is being captured, and a forced backend that %s memory must be copied to cannot be",
                backend->name());
  }

  nsameta_status copy(void* to, const void* from, const buffer& what, std::int64_t first, std::int64_t count) const {
    to = static_cast<std::byte*>(to) + first;
    from = static_cast<const std::byte*>(from) + first;
    const auto bytes = static_cast<std::size_t>(count);
    if (backend == nullptr) {
      std::memcpy(to, from, bytes);
      return NSAMETA_OK;
    }
    failure_text why{};
    const nsameta_status status = backend->table->services.copy(place, to, from, bytes, &why);
    if (status == NSAMETA_OK) return NSAMETA_OK;
    return fail(status, "%s: copying %s: %s", backend->name(), what.name, why.text);
  }

  /// In one piece, so that a copy that fails leaves the output untouched; run by run where another output has bytes
  /// between.
  nsameta_status copy_back(void* to, const void* from, const buffer& what, bool interleaved) const {
    if (!interleaved) return copy(to, from, what, 0, what.bytes);
    nsameta_status status = NSAMETA_OK;
    for (std::int64_t first = 0; first < what.bytes && status == NSAMETA_OK; first += what.stride)
      status = copy(to, from, what, first, what.run);
    return status;
  }
};

/// Whether another output has bytes between the first and the last of this one.
bool is_interleaved(const nsameta_outputs& outputs, const buffer& shown, const void* data) {
  const byte_range range = range_of(shown, data);
  bool found = false;
  for_each_output(outputs, [&](const buffer& other, const void* other_data) {
    found |= other_data != data && range.crosses(range_of(other, other_data));
  });
  return found;
}

/// The side that computes: its own memory, unless it works in host memory. Released whatever happens.
class worker_side {
 public:
  explicit worker_side(const selection& chosen) : chosen_(chosen), table_(*chosen.backend->table) {}
  worker_side(const worker_side&) = delete;
  worker_side& operator=(const worker_side&) = delete;
  ~worker_side() {
    failure_text unheard{};  // something else failed before, which is told
    (void)release(&unheard);
  }

  /// Runs the fill on `block`, the host copy of all buffers, and leaves the outputs in it.
  nsameta_status run(const layout& made, std::byte* block, nsameta_problem problem, nsameta_outputs outputs) {
    failure_text why{};
    const bool on_host = table_.kind == NSAMETA_DEVICE_HOST;
    nsameta_status status = NSAMETA_OK;
    if (!on_host) {
      status = table_.services.allocate(chosen_.place.device, made.bytes, &memory_, &why);
      if (status == NSAMETA_OK) status = table_.services.copy(chosen_.place, memory_, block, made.bytes, &why);
    }
    if (status == NSAMETA_OK) {
      std::byte* worked_on = on_host ? block : static_cast<std::byte*>(memory_);
      std::array<nsameta_plan, NSAMETA_MAX_PLANS> plans;  // the caller's stay as they are
      std::ranges::copy(plans_of(outputs), plans.begin());
      outputs.plans = plans.data();
      for_each_place(problem, outputs, [worked_on](const buffer&, auto& data, std::size_t place) {
        data = reinterpret_cast<std::remove_reference_t<decltype(data)>>(worked_on + place);
      });
      status = table_.fill(problem, &outputs, 1, chosen_.policy, chosen_.place, &why);
    }
    if (status == NSAMETA_OK && !on_host && made.bytes > made.outputs_begin) {
      status = table_.services.copy(chosen_.place, block + made.outputs_begin,
                                    static_cast<std::byte*>(memory_) + made.outputs_begin,
                                    made.bytes - made.outputs_begin, &why);
    }
    if (status == NSAMETA_OK) status = release(&why);
    if (status == NSAMETA_OK) return NSAMETA_OK;
    return fail(status, "%s, staged: %s", chosen_.backend->name(), why.text);
  }

 private:
  nsameta_status release(failure_text* why) {
    void* memory = std::exchange(memory_, nullptr);
    return memory == nullptr ? NSAMETA_OK : table_.services.release(chosen_.place.device, memory, why);
  }

  const selection& chosen_;
  const backend_interface& table_;
  void* memory_ = nullptr;
};

}  // namespace

nsameta_status fill_staged(const selection& chosen, const backend_record* owner, launch_place owner_place,
                           const nsameta_problem& problem, const nsameta_outputs& outputs) {
  const owner_side home{owner, owner_place};
  nsameta_status status = home.refuse_capture();
  if (status != NSAMETA_OK) return status;
  const layout made(problem, outputs);
  if (made.bytes == made.outputs_begin) return NSAMETA_OK;  // no output is asked for
  const std::unique_ptr<std::byte[]> block(new (std::nothrow) std::byte[made.bytes]);
  if (block == nullptr) {
    return fail(NSAMETA_OUT_OF_MEMORY, "staged execution wants %zu bytes of host memory", made.bytes);
  }
  for_each_place(problem, outputs, [&](const buffer& shown, const void* data, std::size_t place) {
    if (status == NSAMETA_OK) status = home.copy(block.get() + place, data, shown, 0, shown.bytes);
  });
  if (status != NSAMETA_OK) return status;
  worker_side worker(chosen);
  status = worker.run(made, block.get(), problem, outputs);
  for_each_place(problem, outputs, [&](const buffer& shown, const void* data, std::size_t place) {
    if (!shown.output || status != NSAMETA_OK) return;
    status = home.copy_back(const_cast<void*>(data), block.get() + place, shown,
                            is_interleaved(outputs, shown, data));  // an output's data is not const
  });
  return status;
}

}  // namespace nsameta
