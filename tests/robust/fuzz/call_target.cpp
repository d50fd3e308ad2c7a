/// Any bytes in the structures of a call. A call that is accepted is run where its buffers are real memory, and may
/// write to its outputs only; one that is refused leaves everything alone and says why.
#include <algorithm>
#include <vector>

#include "buffers.h"
#include "fuzz.h"
#include "harness/guarded_memory.h"
#include "nsameta/device.h"

namespace nsameta::test {
namespace {

constexpr std::size_t arena_bytes = 1 << 15;

struct call {
  nsameta_problem problem;
  nsameta_outputs outputs[2];
  nsameta_target target;
  std::int64_t sets;
};

/// The memory of all buffers. Lengths stand in its first part.
class arena {
 public:
  arena() : memory_(harness::device_place{}, layout()) {}

  std::byte* data() const { return memory_.data() + memory_.layout().arrays()[0].begin; }
  /// What a pointer of the call points at: null stays null.
  template <class T>
  void place(T*& pointer) const {
    if (pointer != nullptr)
      pointer = reinterpret_cast<T*>(const_cast<std::byte*>(data()) +
                                     reinterpret_cast<std::uintptr_t>(pointer) % arena_bytes);
  }
  bool holds(const void* pointer, std::int64_t bytes) const {
    const auto offset = static_cast<const std::byte*>(pointer) - data();
    return offset >= 0 && bytes >= 0 && bytes <= static_cast<std::int64_t>(arena_bytes) - offset;
  }

 private:
  static harness::guarded_layout layout() {
    harness::guarded_layout layout(harness::guard::page_behind);
    layout.add("the arena", arena_bytes);
    return layout;
  }
  harness::guarded_memory memory_;
};

/// Places are offsets in the arena, until place_pointers().
template <class Pointer>
Pointer at(std::uintptr_t offset) {
  return reinterpret_cast<Pointer>(offset);
}

/// A call that is accepted: three requests, every output.
call sound_call() {
  call made{};
  nsameta_problem_init(&made.problem);
  made.problem.mode = NSAMETA_EXTEND;
  made.problem.batch_size = 3;
  made.problem.seq_lens = {at<const void*>(64), 1, NSAMETA_INT32};
  made.problem.extend_seq_lens = {at<const void*>(128), 1, NSAMETA_INT32};
  made.problem.req_pool_indices = {at<const void*>(192), 1, NSAMETA_INT32};
  made.problem.req_to_token = {at<const std::int32_t*>(256), 4, 30, 32};
  made.problem.block_table = {at<const std::int32_t*>(896), 4, 5, 8};
  std::uintptr_t place = 2048;
  for (nsameta_outputs& outputs : made.outputs) {
    nsameta_outputs_init(&outputs);
    for (const vector_field& field : vector_fields) {
      outputs.*field.member = {at<void*>(place), element_count(field.size, 3, 40), field.dtype(false)};
      place += 512;
    }
    for (const table_field& field : table_fields) {
      outputs.*field.member = {at<std::int32_t*>(place), 4, 30, 32};
      place += 512;
    }
  }
  made.sets = 2;
  return made;
}

/// Writes the input's patches over the call, then over the arena: two bytes that say where, and four or eight that say
/// what. A patch beyond both ends them; what follows is returned.
std::string patch(std::span<const std::uint8_t> input, call* made, std::byte* memory) {
  constexpr std::size_t patched_memory = 1024;
  byte_reader in(input);
  while (!in.empty()) {
    const std::size_t where = in.take<std::uint16_t>(), begin = where & ~std::size_t{3};
    const std::size_t bytes = (where & 1) != 0 ? 4 : 8;
    const auto value = bytes == 4 ? in.take<std::uint32_t>() : in.take<std::uint64_t>();
    if (begin + bytes <= sizeof(call)) {
      std::memcpy(reinterpret_cast<std::byte*>(made) + begin, &value, bytes);
    } else if (begin >= sizeof(call) && begin - sizeof(call) + bytes <= patched_memory) {
      std::memcpy(memory + begin - sizeof(call), &value, bytes);
    } else {
      break;
    }
  }
  return {in.rest().begin(), in.rest().end()};
}

void place_pointers(const arena& memory, call* made) {
  memory.place(made->problem.seq_lens.data);
  memory.place(made->problem.extend_seq_lens.data);
  memory.place(made->problem.req_pool_indices.data);
  memory.place(made->problem.req_to_token.data);
  memory.place(made->problem.live_requests);
  memory.place(made->problem.block_table.data);
  memory.place(made->problem.topk_lens.data);
  memory.place(made->problem.extra_topk_lens.data);
  memory.place(made->problem.num_logits.data);
  memory.place(made->problem.num_rejected.data);
  memory.place(made->problem.full_to_swa.data);
  memory.place(made->problem.out_cache_loc.data);
  memory.place(made->problem.swa_floor.data);
  for (nsameta_token_table& table : made->problem.block_tables) memory.place(table.data);
  for (nsameta_outputs& outputs : made->outputs) {
    outputs.plans = nullptr;  // a list is trusted; kernels_target has plans
    for (const vector_field& field : vector_fields) memory.place((outputs.*field.member).data);
    for (const table_field& field : table_fields) memory.place((outputs.*field.member).data);
  }
  made->target.stream = nullptr;  // a stream is trusted
}

nsameta_status explain(const nsameta_problem& problem, const nsameta_outputs& outputs, const nsameta_target& target) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  const nsameta_status status = nsameta_explain(&problem, &outputs, &target, &decision);
  require_sound(status, "explain");
  return status;
}

/// The members that a structure's struct_size takes in; what lies behind is absent.
template <class S>
S known_part(const S& of) {
  S known{};
  std::memcpy(static_cast<void*>(&known), &of, std::min(of.struct_size, sizeof of));
  return known;
}

/// Whether a fill can do no harm: every target refuses it, or all its buffers are memory, and little enough.
bool may_run(const arena& memory, const nsameta_problem& problem, const nsameta_outputs& outputs) {
  if (explain(problem, outputs, {NSAMETA_DEVICE_HOST, 0, nullptr, 0}) != NSAMETA_OK) return true;
  const nsameta_problem known_problem = known_part(problem);
  const nsameta_outputs known_outputs = known_part(outputs);
  bool real = problem.batch_size <= 300;
  for_each_buffer(known_problem, known_outputs,
                  [&](const buffer& shown, const auto& data) { real = real && memory.holds(data, shown.bytes); });
  return real;
}

/// What nsameta_fill_draft_extend_metadata makes of its arguments.
call draft_extend_call(const call& from) {
  call made{};
  nsameta_problem_init(&made.problem);
  made.problem.mode = NSAMETA_DRAFT_EXTEND;
  made.problem.batch_size = from.problem.batch_size;
  std::memcpy(&made.problem.seq_lens, &from.problem.seq_lens, sizeof from.problem.seq_lens);
  std::memcpy(&made.problem.extend_seq_lens, &from.problem.extend_seq_lens, sizeof from.problem.extend_seq_lens);
  nsameta_outputs_init(&made.outputs[0]);
  made.outputs[0].seqlens_expanded = from.outputs[0].seqlens_expanded;
  made.outputs[0].nsa_cache_seqlens = from.outputs[0].nsa_cache_seqlens;
  return made;
}

/// Runs one entry point and looks at what it did to the memory.
class watched_call {
 public:
  watched_call(const arena& memory, const call& made) : memory_(memory), made_(made) {}

  template <class Run>
  void operator()(const char* name, int sets, Run&& run) {
    before_.assign(memory_.data(), memory_.data() + arena_bytes);
    const nsameta_status status = run();
    require_sound(status, name);
    std::byte* now = memory_.data();
    if (status == NSAMETA_OK)  // its outputs may be anything: they count as they were
      for (int set = 0; set < sets; ++set) forget_outputs(made_.outputs[set]);
    if (std::memcmp(before_.data(), now, arena_bytes) != 0) {
      const auto at = std::ranges::mismatch(before_, std::span(now, arena_bytes)).in1 - before_.begin();
      found(std::string(name) + " returns " + nsameta_status_name(status) + " and wrote to byte " + std::to_string(at));
    }
  }

 private:
  void forget_outputs(const nsameta_outputs& outputs) {
    const nsameta_outputs known = known_part(outputs);
    for_each_output(known, [&](const buffer& shown, const auto& data) {
      const auto* begin = reinterpret_cast<const std::byte*>(data);
      std::copy_n(begin, shown.bytes, before_.begin() + (begin - memory_.data()));
    });
  }

  const arena& memory_;
  const call& made_;
  std::vector<std::byte> before_;
};

std::vector<std::int32_t> some_lengths() {
  std::vector<std::int32_t> lengths(arena_bytes / sizeof(std::int32_t));
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = static_cast<std::int32_t>(i * 7 % 31);
  return lengths;
}

void run(std::span<const std::uint8_t> input) {
  static const arena memory;
  static const std::vector<std::int32_t> lengths = some_lengths();
  std::memcpy(memory.data(), lengths.data(), arena_bytes);
  call made = sound_call();
  const std::string backend = patch(input, &made, memory.data());
  place_pointers(memory, &made);

  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  require_sound(
      nsameta_get_kernel_info(made.problem.batch_size, made.problem.uniform_extend_len, &made.target, &decision),
      "get_kernel_info");
  const nsameta_problem& problem = made.problem;
  explain(problem, made.outputs[0], made.target);
  watched_call watched(memory, made);
  const bool runs = may_run(memory, problem, made.outputs[0]);
  if (runs) {
    watched("fill", 1, [&] { return nsameta_fill(&problem, made.outputs, &made.target); });
    watched("fill_on", 1, [&] { return nsameta_fill_on(backend.c_str(), &problem, made.outputs, &made.target); });
  }
  const std::int64_t sets = std::min<std::int64_t>(made.sets, 2);  // the array is trusted to have as many
  if (runs && may_run(memory, problem, made.outputs[1]))
    watched("fill_many", static_cast<int>(sets),
            [&] { return nsameta_fill_many(&problem, made.outputs, sets, &made.target); });

  const call draft = draft_extend_call(made);
  const nsameta_outputs& wanted = draft.outputs[0];
  if (may_run(memory, draft.problem, wanted))
    watched_call(memory, draft)("fill_draft_extend_metadata", 1, [&] {
      return nsameta_fill_draft_extend_metadata(draft.problem.extend_seq_lens, draft.problem.seq_lens,
                                                draft.problem.batch_size, problem.index_topk, wanted.seqlens_expanded,
                                                wanted.nsa_cache_seqlens, nullptr, &made.target);
    });
}

}  // namespace
}  // namespace nsameta::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nsameta::test::run({data, size});
  return 0;
}
