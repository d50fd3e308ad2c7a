#include "call.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace nsameta::test {
namespace {

constexpr std::int64_t canary = 0x5a5a5a5a5a5a5a5a;
constexpr std::int32_t table_canary = 0x5a5a5a5a;

}  // namespace

call::call(nsameta_mode mode) {
  seq_lens = {5, 9, 1, 70};
  extend_seq_lens = {2, 1, 1, 3};
  table.fill(table_canary);
  nsameta_problem_init(&problem);
  problem.mode = mode;
  problem.batch_size = requests;
  problem.seq_lens = {seq_lens.data(), 1, NSAMETA_INT64};
  if (row_of(mode).takes_ragged)
    problem.extend_seq_lens = {extend_seq_lens.data(), 1, NSAMETA_INT64};
  else if (row_of(mode).takes_uniform)
    problem.uniform_extend_len = 3;
  problem.block_table = {blocks.data(), requests, 4, 4};
  problem.req_pool_indices = {slots.data(), 1, NSAMETA_INT64};
  problem.req_to_token = {blocks.data(), requests, 4, 4};
  nsameta_outputs_init(&outputs);
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    vectors[i].fill(canary);
    if (!applies(vector_fields[i], problem)) continue;
    outputs.*vector_fields[i].member = {vectors[i].data(), 32, vector_fields[i].dtype(false)};
  }
}

bool call::untouched() const {
  return std::all_of(vectors.begin(), vectors.end(),
                     [](const auto& vector) {
                       return std::all_of(vector.begin(), vector.end(),
                                          [](std::int64_t element) { return element == canary; });
                     }) &&
         std::all_of(table.begin(), table.end(), [](std::int32_t element) { return element == table_canary; });
}

void check_rejected(nsameta_mode mode, const std::function<void(call&)>& spoil,
                    std::initializer_list<std::string> words, nsameta_status status) {
  call tried(mode);
  spoil(tried);
  CHECK(std::string(nsameta_status_name(tried.fill())) == nsameta_status_name(status));
  const std::string sentence = nsameta_last_error();
  for (const std::string& word : words) {
    CHECK_MESSAGE(sentence.find(word) != std::string::npos, "\"", word, "\" is not in: ", sentence);
  }
  CHECK(tried.untouched());
}

void check_accepted(nsameta_mode mode, const std::function<void(call&)>& change) {
  call tried(mode);
  change(tried);
  const nsameta_status status = tried.fill();
  CHECK_MESSAGE(status == NSAMETA_OK, nsameta_last_error());
}

}  // namespace nsameta::test
