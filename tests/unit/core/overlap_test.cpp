#include <doctest/doctest.h>

#include <algorithm>

#include "call.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("any two outputs that share a byte are named") {
  for (std::size_t a = 0; a < vector_fields.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const auto& first = vector_fields[b];
      const auto& second = vector_fields[a];
      CAPTURE(first.name);
      CAPTURE(second.name);
      const auto bytes = [](const vector_field& field) { return element_bytes(field.dtype(false)); };
      const auto at = [](call& c, const vector_field& field, std::int64_t byte) {
        c.outputs.*field.member = {reinterpret_cast<std::byte*>(c.table.data()) + byte, 32, field.dtype(false)};
      };
      // The last element of one, or its last part, is in the first of the other.
      check_rejected(NSAMETA_EXTEND,
                     [&](call& c) {
                       at(c, first, 0);
                       at(c, second, (32 * bytes(first) - 1) / bytes(second) * bytes(second));
                     },
                     {std::string(second.name) + " overlaps " + first.name, "at its byte "});
      check_accepted(NSAMETA_EXTEND, [&](call& c) {
        at(c, first, 32 * bytes(second));
        at(c, second, 0);
      });
    }
  }
}

TEST_CASE("an output that overlaps an input is named with it") {
  check_rejected(NSAMETA_EXTEND, [](call& c) { c.outputs.token_to_batch = {c.seq_lens.data(), 4, NSAMETA_INT32}; },
                 {"token_to_batch overlaps seq_lens"});
  check_rejected(NSAMETA_EXTEND, [](call& c) { c.outputs.cu_seqlens_k = {&c.extend_seq_lens[1], 5, NSAMETA_INT32}; },
                 {"cu_seqlens_k overlaps extend_seq_lens"});
  check_rejected(NSAMETA_EXTEND,
                 [](call& c) {
                   c.problem.req_pool_indices = {c.table.data(), 1, NSAMETA_INT32};
                   c.problem.req_to_token = {c.table.data() + 1024, 4, 10, 16};
                   c.outputs.status.data = c.table.data() + 3;
                 },
                 {"status overlaps req_pool_indices"});
  check_rejected(NSAMETA_EXTEND,
                 [](call& c) {
                   c.problem.req_pool_indices = {c.table.data() + 1024, 1, NSAMETA_INT32};
                   c.problem.req_to_token = {c.table.data(), 4, 10, 16};
                   c.outputs.status = {c.table.data() + 3 * 16 + 9, 1, NSAMETA_INT32};
                 },
                 {"status overlaps req_to_token"});
}

TEST_CASE("a stride is part of an input's range") {
  const auto at = [](std::ptrdiff_t element) {
    return [=](call& c) {
      c.table.fill(1);
      c.problem.seq_lens = {c.table.data(), 10, NSAMETA_INT32};
      c.outputs.total_rows = {c.table.data() + element, 1, NSAMETA_INT32};
    };
  };
  call spoilt(NSAMETA_DECODE);
  at(30)(spoilt);
  CHECK(spoilt.fill() == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()).starts_with("total_rows overlaps seq_lens"));
  check_accepted(NSAMETA_DECODE, at(31));
}

TEST_CASE("page tables take part with rows * row_stride") {
  check_rejected(NSAMETA_DECODE,
                 [](call& c) {
                   c.problem.req_pool_indices = {c.seq_lens.data(), 1, NSAMETA_INT64};
                   c.problem.req_to_token = {c.table.data(), 4, 16, 16};
                   c.outputs.page_table_1 = {c.table.data() + 1024, 4, 10, 64};
                   c.outputs.real_page_table = {c.table.data() + 1024 + 3 * 64 + 9, 4, 1, 1};
                 },
                 {"real_page_table overlaps page_table_1"});
}

TEST_CASE("inputs may share memory, and empty outputs overlap nothing") {
  check_accepted(NSAMETA_EXTEND, [](call& c) { c.problem.extend_seq_lens = c.problem.seq_lens; });
  check_accepted(NSAMETA_EXTEND, [](call& c) { c.outputs.token_to_batch = {c.seq_lens.data(), 0, NSAMETA_INT32}; });
}

TEST_CASE("tables side by side in the columns of one allocation overlap nothing, one column nearer they do") {
  const auto beside = [](std::int64_t column) {
    return [=](call& c) {
      c.problem.req_pool_indices = {c.table.data() + 2048, 1, NSAMETA_INT32};
      c.problem.req_to_token = {c.table.data() + 3072, 4, 16, 16};
      c.outputs.page_table_1 = {c.table.data(), 4, 16, 18};
      c.outputs.real_page_table = {c.table.data() + column, 4, 2, 18};
    };
  };
  check_rejected(NSAMETA_DECODE, beside(15), {"real_page_table overlaps page_table_1 at its byte 60"});
  check_rejected(NSAMETA_DECODE, beside(17), {"real_page_table overlaps page_table_1 at its byte 72"});
  call side_by_side(NSAMETA_DECODE);
  beside(16)(side_by_side);
  std::fill_n(side_by_side.table.data() + 2048, 2048, 0);
  const nsameta_status status = side_by_side.fill();
  CHECK_MESSAGE(status == NSAMETA_OK, nsameta_last_error());
  CHECK(side_by_side.table[0] == 0);
  CHECK(side_by_side.table[16] == 0);
}

TEST_CASE("vectors between the rows of a table overlap nothing, and others are still found past them") {
  const auto between = [](std::int64_t status_at) {
    return [=](call& c) {
      c.problem.req_pool_indices = {c.table.data() + 2048, 1, NSAMETA_INT32};
      c.problem.req_to_token = {c.table.data() + 3072, 4, 16, 16};
      std::fill_n(c.table.data() + 2048, 2048, 0);
      c.outputs.page_table_1 = {c.table.data(), 4, 16, 64};
      c.outputs.token_to_batch = {c.table.data() + 16, 48, NSAMETA_INT32};
      c.outputs.seqlens_expanded = {c.table.data() + 64 + 16, 48, NSAMETA_INT32};
      c.outputs.status = {c.table.data() + status_at, 1, NSAMETA_INT32};
    };
  };
  check_accepted(NSAMETA_DECODE, between(2 * 64 + 16));
  call spoilt(NSAMETA_DECODE);
  between(2 * 64 + 15)(spoilt);
  CHECK(spoilt.fill() == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "page_table_1 overlaps status at its byte 0");
}

TEST_CASE("an output between the elements of an input is taken") {
  const auto at = [](std::ptrdiff_t element) {
    return [=](call& c) {
      c.table.fill(1);
      c.problem.seq_lens = {c.table.data(), 10, NSAMETA_INT32};
      c.outputs.total_rows = {c.table.data() + element, 1, NSAMETA_INT32};
      c.outputs.cu_seqlens_q = {c.table.data() + 21, 5, NSAMETA_INT32};
    };
  };
  for (const std::ptrdiff_t element : {1, 9, 11, 29}) check_accepted(NSAMETA_DECODE, at(element));
  call spoilt(NSAMETA_DECODE);
  at(10)(spoilt);
  CHECK(spoilt.fill() == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "total_rows overlaps seq_lens at its byte 40");
}

TEST_CASE("a length that stands for all is one element") {
  const auto at = [](std::ptrdiff_t element) {
    return [=](call& c) {
      c.table.fill(1);
      c.problem.seq_lens = {c.table.data() + 8, 0, NSAMETA_INT32};
      c.outputs.total_rows = {c.table.data() + element, 1, NSAMETA_INT32};
    };
  };
  check_accepted(NSAMETA_DECODE, at(7));
  check_accepted(NSAMETA_DECODE, at(9));
  call spoilt(NSAMETA_DECODE);
  at(8)(spoilt);
  CHECK(spoilt.fill() == NSAMETA_INVALID_ARGUMENT);
  CHECK(std::string(nsameta_last_error()) == "total_rows overlaps seq_lens at its byte 0");
}
