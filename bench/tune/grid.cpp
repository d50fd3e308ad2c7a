#include "grid.h"

#include <algorithm>
#include <numeric>

#include "fields.h"
#include "work_size.h"

namespace nsameta::tune {
namespace {

constexpr std::int32_t page_size = 64;

/// Values around `mean`, none alike its neighbour, whose sum is `count * mean` for an even count.
std::vector<std::int32_t> ragged(std::int64_t count, std::int64_t mean) {
  std::vector<std::int32_t> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t apart = (i / 2 * 7919) % std::max<std::int64_t>(1, mean);
    const bool alone = i + 1 == count && i % 2 == 0;
    values.push_back(static_cast<std::int32_t>(alone ? mean : i % 2 == 0 ? mean - apart : mean + apart));
  }
  return values;
}

}  // namespace

std::string point::name() const {
  constexpr const char* modes[] = {"decode", "target_verify", "draft_extend", "extend"};
  std::string text = modes[mode] + std::string("/bs:") + std::to_string(requests) +
                     "/rows:" + std::to_string(requests * rows_each) + (all_fields ? "/all" : "/two");
  return width == 0 ? text : text + "/width:" + std::to_string(width) + "/live:" + std::to_string(live);
}

std::vector<point> grid() {
  std::vector<point> points;
  for (const bool all : {false, true}) {
    for (const std::int64_t requests : {1, 8, 32, 128, 512, 2048, 8192, 32768}) {
      points.push_back({NSAMETA_DECODE, requests, 1, all});
      points.push_back({NSAMETA_DRAFT_EXTEND, requests, 4, all});
    }
    points.push_back({NSAMETA_TARGET_VERIFY, 512, 4, all});
    for (const std::int64_t requests : {1, 64})
      for (const std::int64_t rows : {8192, 32768, 131072, 1048576, 8388608})
        points.push_back({NSAMETA_EXTEND, requests, rows / requests, all, 0, std::max<std::int64_t>(8192, rows)});
  }
  for (const std::int64_t width : {8192, 163840})
    for (const std::int64_t requests : {1, 8, 32, 128, 512}) {
      const auto live = static_cast<std::int64_t>(live_share * static_cast<double>(width));
      points.push_back({NSAMETA_DECODE, requests, 1, true, width, live});
    }
  return points;
}

point_call::point_call(const point& shape, const device& on) : on_(on) {
  const std::int64_t requests = shape.requests, rows = requests * shape.rows_each;
  nsameta_problem_init(&problem);
  problem.mode = shape.mode;
  problem.page_size = page_size;
  problem.batch_size = requests;
  problem.seq_lens.data = put(ragged(requests, shape.live));
  if (shape.mode == NSAMETA_TARGET_VERIFY) problem.uniform_extend_len = shape.rows_each;
  if (shape.mode == NSAMETA_DRAFT_EXTEND || shape.mode == NSAMETA_EXTEND)
    problem.extend_seq_lens.data = put(ragged(requests, shape.rows_each));
  nsameta_outputs_init(&outputs);
  for (const vector_field& field : vector_fields) {
    const bool indexer = field.member == &nsameta_outputs::indexer_ks || field.member == &nsameta_outputs::indexer_ke;
    const bool basic =
        field.member == &nsameta_outputs::seqlens_expanded || field.member == &nsameta_outputs::nsa_cache_seqlens;
    if (indexer ? shape.mode != NSAMETA_EXTEND || !shape.all_fields : !basic && !shape.all_fields) continue;
    const std::int64_t elements = element_count(field.size, requests, rows);
    outputs.*field.member = {take(elements), elements, NSAMETA_INT32};
  }
  if (shape.width == 0) return;
  constexpr std::int32_t most_slots = 64;  // requests may share one: what is read stays larger than caches
  const std::int64_t slots = std::min<std::int64_t>(requests, most_slots);
  const std::int64_t pages = (shape.width + page_size - 1) / page_size;
  std::vector<std::int32_t> slot_of(static_cast<std::size_t>(requests));
  for (std::size_t r = 0; r < slot_of.size(); ++r) slot_of[r] = static_cast<std::int32_t>(r) % most_slots;
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(slots * shape.width));
  std::iota(tokens.begin(), tokens.end(), 0);
  problem.req_pool_indices.data = put(slot_of);
  problem.req_to_token = {put(tokens), slots, shape.width, shape.width};
  const auto table = [&](std::int64_t width) {
    return nsameta_table{static_cast<std::int32_t*>(take(requests * width)), requests, width, width};
  };
  outputs.page_table_1 = table(shape.width);
  outputs.real_page_table = table(pages);
}

const std::int32_t* point_call::put(const std::vector<std::int32_t>& values) {
  void* memory = take(static_cast<std::int64_t>(values.size()));
  on_.copy(memory, values.data(), values.size() * sizeof(std::int32_t));
  return static_cast<const std::int32_t*>(memory);
}

void* point_call::take(std::int64_t elements) {
  memory_.push_back(allocate(on_, static_cast<std::size_t>(elements) * sizeof(std::int32_t)));
  return memory_.back().get();
}

}  // namespace nsameta::tune
