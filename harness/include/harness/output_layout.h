/// Which outputs are asked for, and how large their buffers are.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "fields.h"
#include "harness/live_shape.h"

namespace nsameta::harness {

struct vector_layout {
  bool wanted = false;
  std::int64_t capacity = 0;
  nsameta_dtype dtype = NSAMETA_INT32;
  std::int64_t misalignment = 0;  ///< elements past a 256-byte boundary
};

struct table_layout {
  bool wanted = false;
  std::int64_t rows = 0;
  std::int64_t width = 0;
  std::int64_t row_stride = 0;
  std::int64_t misalignment = 0;  ///< elements past a 256-byte boundary
};

struct plan_layout {
  static constexpr std::int64_t absent = -1;  ///< as the capacity of a buffer that is not wanted
  nsameta_plan asked{};                       ///< without buffers
  std::array<std::int64_t, NSAMETA_PLAN_BUFFERS> capacities{};
};

/// A plan of a kind as an H100, or an MI300X, runs it, without buffers.
nsameta_plan usual_plan(nsameta_plan_kind kind);

/// What a set of outputs says beside its buffers.
struct fill_rules {
  nsameta_tail vector_tail = NSAMETA_TAIL_KEEP;
  nsameta_tail table_tail = NSAMETA_TAIL_KEEP;
  std::int32_t table_tail_value = 0;
  std::int64_t length_offset = 0;
  std::int32_t draft_step = 0;
  std::int64_t row_values_from = 0;

  /// To every seq_lens.
  std::int64_t added_length() const { return length_offset + draft_step; }
  void apply_to(nsameta_outputs& outputs) const;
};

/// Parallel to vector_fields and table_fields.
struct output_layout : fill_rules {
  std::array<vector_layout, vector_fields.size()> vectors{};
  std::array<table_layout, table_fields.size()> tables{};
  std::vector<plan_layout> plans{};

  /// Makes each output at least as large as the other layout's.
  void make_room(const output_layout& other);
  /// Makes each output that has padding rows large enough for the problem's.
  void make_room_for_padding(const problem_data& problem);
  /// Those that the problem has.
  void ask_for_step_vectors(const problem_data& problem);
  /// Whose buffers have room for this problem's, and nothing more.
  void ask_for_plans(std::span<const nsameta_plan> asked, const problem_data& problem);
};

/// Whether a problem has this output at all; asking for one that it has not is an error.
bool field_applies(const vector_field& field, const problem_data& problem);
bool tables_apply(const problem_data& problem);
/// The same of a plan, also where draft steps ask for it, whose rows the engine gives no slots of.
bool plan_applies(const nsameta_plan& plan, const problem_data& problem);

/// Every row table that applies, of the narrower type, in buffers that hold exactly what is live. Without a kv_shard
/// none of the local outputs, which would repeat others then. Step vectors have their size, and are not wanted.
output_layout exact_layout(const problem_data& problem, const live_shape& shape);

/// `outputs` without those that do not apply to `problem`: for buffers that serve many problems. Of plans, without the
/// first that does not and those behind it.
nsameta_outputs applicable_view(const nsameta_outputs& outputs, const problem_data& problem);

}  // namespace nsameta::harness
