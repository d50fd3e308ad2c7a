/// nsameta_fixed_fills WORK COUNT: fills one fixed problem so many times, on the backend that NSAMETA_BACKEND names.
/// nsameta_fixed_fills: names the vector code that runs here, then each work, a line each.
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "cpu/vector_code.h"
#include "nsameta/nsameta.h"

namespace {

using ints = std::vector<std::int32_t>;

/// A batch of draft_extend with 1 to 4 rows a request, or of decode.
struct fixed_fill {
  fixed_fill(nsameta_mode mode, std::int64_t requests, std::int32_t shortest, std::int32_t longest) {
    nsameta_problem_init(&problem);
    nsameta_outputs_init(&outputs);
    problem.mode = mode;
    problem.batch_size = requests;
    std::uint32_t state = 1;
    const auto random = [&](std::int32_t low, std::int32_t high) {
      state = state * 1664525 + 1013904223;
      return low + static_cast<std::int32_t>((state >> 16) % static_cast<std::uint32_t>(high - low + 1));
    };
    for (std::int64_t i = 0; i < requests; ++i) {
      seq_lens.push_back(random(shortest, longest));
      extend_seq_lens.push_back(random(1, 4));
      slots.push_back(static_cast<std::int32_t>(requests - 1 - i));
      rows += mode == NSAMETA_DECODE ? 1 : extend_seq_lens.back();
    }
    problem.seq_lens.data = seq_lens.data();
    if (mode != NSAMETA_DECODE) problem.extend_seq_lens.data = extend_seq_lens.data();
  }
  fixed_fill(const fixed_fill&) = delete;

  void want(nsameta_vector& vector, std::int64_t elements) {
    buffers.emplace_back(static_cast<std::size_t>(elements));
    vector = {buffers.back().data(), elements, NSAMETA_INT32};
  }
  void want(nsameta_table& table, std::int64_t width) {
    buffers.emplace_back(static_cast<std::size_t>(rows * width));
    table = {buffers.back().data(), rows, width, width};
  }
  void want_two_fields() {
    want(outputs.seqlens_expanded, rows);
    want(outputs.nsa_cache_seqlens, rows);
  }

  int run(long count) const {
    const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
    if (nsameta_warmup(&host) != NSAMETA_OK) return 1;  // the first call opens backends, never in the same number
    for (long i = 0; i < count; ++i)
      if (nsameta_fill(&problem, &outputs, &host) != NSAMETA_OK) {
        std::fprintf(stderr, "%s\n", nsameta_last_error());
        return 1;
      }
    return 0;
  }

  nsameta_problem problem;
  nsameta_outputs outputs;
  ints seq_lens, extend_seq_lens, slots, tokens;
  std::vector<ints> buffers;
  std::int64_t rows = 0;
};

int two_fields(long count) {
  fixed_fill batch(NSAMETA_DRAFT_EXTEND, 32, 1, 8192);
  batch.want_two_fields();
  return batch.run(count);
}

int engine_fields(long count) {
  fixed_fill batch(NSAMETA_DRAFT_EXTEND, 1024, 1, 8192);
  batch.want_two_fields();
  batch.want(batch.outputs.cache_seqlens, 1024);
  batch.want(batch.outputs.cu_seqlens_k, 1025);
  batch.want(batch.outputs.nsa_cu_seqlens_k, batch.rows + 1);
  return batch.run(count);
}

/// Short rows: how long ones are copied is the C library's affair, and differs from processor to processor.
int page_tables(long count) {
  constexpr std::int64_t requests = 64, width = 128;
  fixed_fill batch(NSAMETA_DECODE, requests, 1, width);
  batch.tokens.assign(requests * width, 640);
  batch.problem.req_pool_indices.data = batch.slots.data();
  batch.problem.req_to_token = {batch.tokens.data(), requests, width, width};
  batch.want(batch.outputs.page_table_1, width);
  batch.want(batch.outputs.real_page_table, width / 64);
  batch.want(batch.outputs.nsa_cache_seqlens, batch.rows);
  return batch.run(count);
}

struct work {
  const char* name;
  int (*run)(long count);
};

constexpr work works[] = {{"two_fields", two_fields}, {"engine_fields", engine_fields}, {"page_tables", page_tables}};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3)
    for (const work& one : works)
      if (std::string_view(argv[1]) == one.name) return one.run(std::atol(argv[2]));
  if (argc != 1) return 2;
  std::puts(nsameta::cpu::best_vector_code().name);
  for (const work& one : works) std::puts(one.name);
}
