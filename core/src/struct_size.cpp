#include "struct_size.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <limits>

#include "status.h"

namespace nsameta {
namespace {

constexpr nsameta_status bad = NSAMETA_INVALID_ARGUMENT;

/// Of a problem or outputs of any version. More is a size that nobody set, and nothing is read that far.
constexpr std::size_t most_bytes = 4096;

// A field in what was padding behind the last one is not told from what an older caller left there. Of the outputs,
// fields.h makes sure.
static_assert(offsetof(nsameta_problem, pad_rows_to) + sizeof(nsameta_problem::pad_rows_to) == sizeof(nsameta_problem));

template <class Struct>
nsameta_status check_size(const char* name, std::size_t size, std::size_t most = most_bytes) noexcept {
  if (size >= least_size<Struct> && size <= most && size % alignof(Struct) == 0) return NSAMETA_OK;
  return fail(bad, "%s.struct_size is %zu, no size of this structure, which has %zu bytes in version %d.%d.%d", name,
              size, sizeof(Struct), NSAMETA_VERSION_MAJOR, NSAMETA_VERSION_MINOR, NSAMETA_VERSION_PATCH);
}

void set_defaults(nsameta_problem* problem) noexcept { nsameta_problem_init(problem); }
void set_defaults(nsameta_outputs* outputs) noexcept { nsameta_outputs_init(outputs); }

/// Puts a copy in the place of a structure of another size; what that does not have gets its default.
template <class Struct>
nsameta_status copy_known(const char* name, const Struct** known, Struct* copy) noexcept {
  if (*known == nullptr || (*known)->struct_size == sizeof(Struct)) return NSAMETA_OK;
  const std::size_t size = (*known)->struct_size;
  if (auto status = check_size<Struct>(name, size); status != NSAMETA_OK) return status;
  const auto* bytes = reinterpret_cast<const unsigned char*>(*known);
  for (std::size_t i = sizeof(Struct); i < size; ++i)
    if (bytes[i] != 0)
      return fail(NSAMETA_UNSUPPORTED,
                  "%s.struct_size is %zu, and byte %zu is not 0: version %d.%d.%d knows the first %zu bytes alone",
                  name, size, i, NSAMETA_VERSION_MAJOR, NSAMETA_VERSION_MINOR, NSAMETA_VERSION_PATCH, sizeof(Struct));
  set_defaults(copy);
  std::memcpy(copy, *known, std::min(size, sizeof(Struct)));
  copy->struct_size = sizeof(Struct);
  *known = copy;
  return NSAMETA_OK;
}

template <class Struct>
void store_defaults(const Struct& defaults, Struct* to, std::size_t size) noexcept {
  if (to == nullptr || size < least_size<Struct>) return;
  auto* bytes = reinterpret_cast<unsigned char*>(to);
  std::memcpy(bytes, &defaults, std::min(size, sizeof(Struct)));
  if (size > sizeof(Struct)) std::memset(bytes + sizeof(Struct), 0, size - sizeof(Struct));
  to->struct_size = size;
}

}  // namespace

nsameta_status known_call::copy() noexcept {
  nsameta_status status = copy_known("problem", &problem_, &problem_copy_);
  if (status == NSAMETA_OK) status = copy_known("outputs", &outputs_, few_.data());
  return status;
}

known_call::known_call(const nsameta_problem* problem, const nsameta_outputs* sets, std::int64_t count)
    : known_call(problem, nullptr) {
  outputs_ = sets;
  if (status_ != NSAMETA_OK || sets == nullptr || count < 1) return;
  const std::size_t size = sets->struct_size;
  nsameta_outputs* copies = nullptr;
  if (size != sizeof *sets) [[unlikely]] {
    // Whether it is a size at all, before the other sets are looked for that far apart.
    if (status_ = check_size<nsameta_outputs>("outputs[0]: outputs", size); status_ != NSAMETA_OK) return;
    if (count > static_cast<std::int64_t>(few_.size()))
      many_ = std::make_unique_for_overwrite<nsameta_outputs[]>(static_cast<std::size_t>(count));
    outputs_ = copies = many_ != nullptr ? many_.get() : few_.data();
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(sets);
  for (std::int64_t set = 0; set < count && status_ == NSAMETA_OK; ++set, bytes += size) {
    const auto* one = reinterpret_cast<const nsameta_outputs*>(bytes);
    if (one->struct_size != size) [[unlikely]] {
      status_ = fail(bad, "outputs[%" PRId64 "]: outputs.struct_size is %zu, not the %zu of outputs[0]", set,
                     one->struct_size, size);
    } else if (copies != nullptr) {
      status_ = copy_known("outputs", &one, copies + set);
      if (status_ != NSAMETA_OK) fail(status_, "outputs[%" PRId64 "]: %s", set, nsameta_last_error());
    }
  }
}

nsameta_status check_decision(const nsameta_decision* decision) noexcept {
  if (decision == nullptr) return fail(bad, "decision is null");
  // Any number of bytes behind what is known here will do: they are left alone.
  return check_size<nsameta_decision>("decision", decision->struct_size, std::numeric_limits<std::size_t>::max());
}

void store_known(const nsameta_decision& known, nsameta_decision* decision) noexcept {
  const std::size_t size = decision->struct_size;
  std::memcpy(decision, &known, std::min(size, sizeof known));
  decision->struct_size = size;
}

}  // namespace nsameta

using namespace nsameta;

int32_t nsameta_version(void) { return NSAMETA_VERSION; }

void nsameta_problem_init_sized(nsameta_problem* problem, size_t struct_size) {
  nsameta_problem defaults{};
  defaults.seq_lens.stride = 1;
  defaults.extend_seq_lens.stride = 1;
  defaults.req_pool_indices.stride = 1;
  defaults.page_size = 64;
  defaults.index_topk = 2048;
  defaults.index_kpool = 1;
  defaults.kv_shard = {1, 0, 1};
  defaults.q_shard = {1, 0, NSAMETA_Q_SHARD_ROUND_ROBIN};
  defaults.block_size = 64;
  defaults.pad_slot = -1;
  defaults.topk_lens.stride = 1;
  defaults.extra_topk_lens.stride = 1;
  defaults.num_logits.stride = 1;
  defaults.num_rejected.stride = 1;
  defaults.full_to_swa.stride = 1;
  defaults.out_cache_loc.stride = 1;
  defaults.swa_floor.stride = 1;
  store_defaults(defaults, problem, struct_size);
}

void nsameta_outputs_init_sized(nsameta_outputs* outputs, size_t struct_size) {
  store_defaults(nsameta_outputs{}, outputs, struct_size);
}
