#include <doctest/doctest.h>

#include "call.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

constexpr std::ptrdiff_t source = 0, full = 1024, paged = 2048, local = 3072;  // within call::table
constexpr std::int64_t slots = 8, width = 16;

/// Every page table, from eight slots of 16 positions, in pages of 4.
void add_tables(call& c) {
  static constexpr std::array<std::int32_t, requests> indices{2, 0, 7, 5};
  c.problem.req_pool_indices = {indices.data(), 1, NSAMETA_INT32};
  c.problem.req_to_token = {c.table.data() + source, slots, width, width};
  c.problem.page_size = 4;
  c.outputs.page_table_1 = {c.table.data() + full, 32, width, width};
  c.outputs.real_page_table = {c.table.data() + paged, 32, width / 4, width / 4};
  c.outputs.local_page_table_1 = {c.table.data() + local, 32, width, width};
}

/// The same call, spoilt in one place.
void check_tables_rejected(const std::function<void(call&)>& spoil, std::initializer_list<std::string> words) {
  for (const nsameta_mode mode : nsameta::all_modes)
    check_rejected(
        mode,
        [&](call& c) {
          add_tables(c);
          spoil(c);
        },
        words);
}

std::int32_t filled_status(const std::function<void(call&)>& change) {
  call c(NSAMETA_DECODE);
  for (std::int32_t i = 0; i < slots * width; ++i) c.table[static_cast<std::size_t>(i)] = i;
  add_tables(c);
  c.problem.seq_lens = {c.seq_lens.data(), 1, NSAMETA_INT64};
  c.seq_lens = {5, 9, 1, 16};
  change(c);
  CHECK_MESSAGE(c.fill() == NSAMETA_OK, nsameta_last_error());
  return *static_cast<const std::int32_t*>(c.outputs.status.data);
}

}  // namespace

TEST_CASE("page tables are accepted in every mode") {
  for (const nsameta_mode mode : nsameta::all_modes) check_accepted(mode, add_tables);
}

TEST_CASE("req_pool_indices or req_to_token alone is refused, page tables or none, unless the batch is empty") {
  const auto without_tables = [](bool slots, std::int64_t batch_size) {
    return [=](call& c) {
      add_tables(c);
      for (const table_field& field : table_fields) (c.outputs.*field.member).data = nullptr;
      if (slots)
        c.problem.req_to_token.data = nullptr;
      else
        c.problem.req_pool_indices.data = nullptr;
      c.problem.batch_size = batch_size;
    };
  };
  for (const nsameta_mode mode : nsameta::all_modes) {
    check_rejected(mode, without_tables(true, requests), {"req_to_token is absent, but req_pool_indices is given"});
    check_rejected(mode, without_tables(false, requests), {"req_pool_indices is absent, but req_to_token is given"});
    check_accepted(mode, without_tables(true, 0));
    check_accepted(mode, without_tables(false, 0));
  }
}

TEST_CASE("page tables: their inputs, each named with its value") {
  check_tables_rejected([](call& c) { c.problem.req_pool_indices.data = nullptr; }, {"req_pool_indices is absent"});
  check_tables_rejected([](call& c) { c.problem.req_to_token.data = nullptr; }, {"req_to_token is absent"});
  check_tables_rejected([](call& c) { c.problem.req_to_token.slots = -8; }, {"req_to_token.slots is -8"});
  check_tables_rejected([](call& c) { c.problem.req_to_token.width = -1; }, {"req_to_token.width is -1"});
  check_tables_rejected([](call& c) { c.problem.req_to_token.row_stride = 15; },
                        {"req_to_token.row_stride is 15", "width 16"});
  check_tables_rejected([](call& c) { c.problem.req_pool_indices.stride = -1; }, {"req_pool_indices.stride is -1"});
  check_tables_rejected([](call& c) { c.problem.page_size = 65537; }, {"page_size is 65537"});
}

TEST_CASE("page tables: each needs the inputs of all, and is named where they are absent") {
  for (const table_field& field : table_fields) {
    const auto alone = [&](std::int64_t batch_size) {
      return [&field, batch_size](call& c) {
        (c.outputs.*field.member) = {c.table.data() + full, 32, width, width};
        c.outputs.out_cache_loc.data = nullptr;
        c.problem.req_pool_indices.data = nullptr;
        c.problem.req_to_token.data = nullptr;
        c.problem.batch_size = batch_size;
      };
    };
    check_rejected(NSAMETA_DECODE, alone(requests),
                   {std::string("req_pool_indices is absent, but ") + field.name + " is asked for"});
    check_accepted(NSAMETA_DECODE, alone(0));
  }
}

TEST_CASE("page tables: rows that reach past the end of memory") {
  constexpr std::int64_t far = std::int64_t{1} << 40;
  check_tables_rejected([](call& c) { c.outputs.page_table_1 = {c.table.data() + full, far, far, far}; },
                        {"page_table_1.rows is 1099511627776", "past the end of memory"});
  check_tables_rejected([](call& c) { c.problem.req_to_token = {c.table.data(), far, far, far}; },
                        {"req_to_token.slots is 1099511627776", "past the end of memory"});
}

TEST_CASE("page tables: neither overlaps the other, a vector or the input") {
  check_tables_rejected([](call& c) { c.outputs.real_page_table.data = c.outputs.page_table_1.data + 100; },
                        {"real_page_table overlaps page_table_1"});
  check_tables_rejected([](call& c) { c.outputs.total_rows.data = c.outputs.page_table_1.data + 31 * width; },
                        {"page_table_1", "total_rows", "overlaps"});
  check_tables_rejected([](call& c) { c.outputs.page_table_1.data = c.table.data() + slots * width - 1; },
                        {"page_table_1 overlaps req_to_token"});
}

TEST_CASE("page tables: what the device sees is in the status word, and nothing else is written") {
  CHECK(filled_status([](call&) {}) == 0);
  CHECK(filled_status([](call& c) { c.problem.req_to_token.slots = 7; }) == NSAMETA_BIT_BAD_SLOT);
  CHECK(filled_status([](call& c) { c.problem.req_to_token.slots = 0; }) == NSAMETA_BIT_BAD_SLOT);
  CHECK(filled_status([](call& c) { c.problem.req_to_token.width = 0; }) == NSAMETA_BIT_CONTEXT_EXCEEDED);
  CHECK(filled_status([](call& c) { c.outputs.page_table_1.width = 15; }) == NSAMETA_BIT_CONTEXT_EXCEEDED);
  CHECK(filled_status([](call& c) { c.outputs.real_page_table.width = 3; }) == NSAMETA_BIT_CONTEXT_EXCEEDED);
  CHECK(filled_status([](call& c) { c.outputs.real_page_table.rows = 3; }) == NSAMETA_BIT_CAPACITY_EXCEEDED);
  CHECK(filled_status([](call& c) { c.outputs.page_table_1.rows = 0; }) == NSAMETA_BIT_CAPACITY_EXCEEDED);
}
