#include <doctest/doctest.h>

#include <algorithm>

#include "call.h"
#include "plans.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

/// A plan of each kind, that would be taken.
std::array<nsameta_plan, plan_kinds.size()> sound_plans(std::array<std::int64_t, 1024>& memory) {
  std::array<nsameta_plan, plan_kinds.size()> plans{};
  std::int64_t* next = memory.data();
  nsameta_problem problem{};
  problem.batch_size = requests;
  problem.kv_shard.size = 1;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    plans[i].kind = static_cast<nsameta_plan_kind>(i);
    for (const plan_constant& constant : plan_kinds[i].constants)
      plans[i].*constant.member =
          constant.member == &nsameta_plan::parts ? 4 : std::max(constant.usual, constant.least);
    if (plans[i].kind == NSAMETA_PLAN_WINDOW) plans[i].preset = NSAMETA_WINDOW_OF_POSITIONS;
    for (std::size_t k = 0; k < plan_kinds[i].buffers.size(); ++k) {
      const plan_buffer& buffer = plan_kinds[i].buffers[k];
      const std::int64_t elements = rows_of(plans[i], buffer, problem, 1) * columns_of(plans[i], buffer, problem);
      plans[i].buffers[k] = {next, elements, buffer.dtype};
      next += elements;
    }
  }
  return plans;
}

/// A batch with a plan of each kind that `change` has had.
auto with_plans(const std::function<void(std::array<nsameta_plan, plan_kinds.size()>&, call&)>& change) {
  return [=](call& c) {
    static std::array<std::int64_t, 1024> memory;
    static std::array<nsameta_plan, plan_kinds.size()> plans;
    plans = sound_plans(memory);
    c.outputs.plans = plans.data();
    c.outputs.plan_count = std::ssize(plans);
    change(plans, c);
  };
}

}  // namespace

TEST_CASE("plans are accepted, and each constant is held to its range") {
  check_accepted(NSAMETA_DECODE, with_plans([](auto&, call&) {}));
  for (std::size_t i = 0; i < plan_kinds.size(); ++i)
    for (const plan_constant& constant : plan_kinds[i].constants) {
      CAPTURE(constant.name);
      for (const std::int64_t value : {std::int64_t{constant.least} - 1, std::int64_t{constant.most} + 1})
        if (value == static_cast<std::int32_t>(value))
          check_rejected(NSAMETA_DECODE, with_plans([&](auto& plans, call&) {
                           plans[i].*constant.member = static_cast<std::int32_t>(value);
                         }),
                         {"plans[" + std::to_string(i) + "]", plan_kinds[i].name,
                          std::string(constant.name) + " is " + std::to_string(value)});
    }
}

TEST_CASE("a plan's buffers: there, of their type, aligned, and large enough") {
  for (std::size_t i = 0; i < plan_kinds.size(); ++i)
    for (std::size_t k = 0; k < plan_kinds[i].buffers.size(); ++k) {
      const std::string name = plan_kinds[i].buffers[k].name;
      const auto spoil = [&](auto change) {
        return with_plans([=](auto& plans, call&) { change(plans[i].buffers[k]); });
      };
      const auto without = spoil([](nsameta_vector& v) { v.data = nullptr; });
      if (may_be_absent(plan_kinds[i], k))
        check_accepted(NSAMETA_DECODE, without);
      else
        check_rejected(NSAMETA_DECODE, without, {name + " is absent"});
      check_rejected(NSAMETA_DECODE, spoil([](nsameta_vector& v) { --v.capacity; }),
                     {name + ".capacity is", "less than"});
      check_rejected(NSAMETA_DECODE, spoil([](nsameta_vector& v) { v.capacity = INT64_MAX; }),
                     {name + ".capacity is 9223372036854775807"});
      check_rejected(NSAMETA_DECODE, spoil([](nsameta_vector& v) { v.data = static_cast<char*>(v.data) + 2; }),
                     {name + " is not aligned"});
      const bool wide = plan_kinds[i].buffers[k].dtype == NSAMETA_INT64;
      check_rejected(NSAMETA_DECODE, spoil([=](nsameta_vector& v) { v.dtype = wide ? NSAMETA_INT32 : NSAMETA_INT64; }),
                     {name + (wide ? ".dtype is int32 (0), but the field is int64 (1)"
                                   : ".dtype is int64 (1), but the field is int32 (0)")});
    }
}

TEST_CASE("a window has what its slots are from") {
  const auto of_window = [](const std::function<void(nsameta_plan&, call&)>& change) {
    return with_plans([=](auto& plans, call& c) { change(plans[NSAMETA_PLAN_WINDOW], c); });
  };
  check_rejected(NSAMETA_DECODE, of_window([](nsameta_plan& plan, call&) { plan.preset = NSAMETA_WINDOW_OF_SLOTS; }),
                 {"full_to_swa is absent, but plans[13] is a window of it"});
  check_rejected(NSAMETA_DECODE, of_window([](nsameta_plan& plan, call&) { plan.preset = NSAMETA_WINDOW_OF_RINGS; }),
                 {"plans[13]: window: swa_ring is 0, but its slots are of rings: 1 or more"});
  check_rejected(NSAMETA_DECODE, [](call& c) { c.problem.kv_slots = -1; }, {"kv_slots is -1"});
}

TEST_CASE("kinds, presets and what is reserved") {
  check_rejected(NSAMETA_DECODE,
                 with_plans([](auto& plans, call&) { plans[1].kind = static_cast<nsameta_plan_kind>(23); }),
                 {"plans[1].kind is 23", "flashmla (1)", "local_slots (22)"});
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[0].preset = 9; }),
                 {"plans[0]", "preset is 9", "dg-2026-06 (3)"});
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[NSAMETA_PLAN_CONTEXT_LENS].preset = 2; }),
                 {"plans[8]: context_lens: preset is 2, none of rows (0), repeated (1)"});
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[2].preset = 1; }),
                 {"topk_plan: preset is 1, but the plan has no versions"});
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[0].reserved[0] = 1; }), {"reserved[0] is 1"},
                 NSAMETA_UNSUPPORTED);
}

TEST_CASE("what a kind does not have is 0") {
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[2].parts = 4; }),
                 {"plans[2]: topk_plan", "is 4, but the plan has none"}, NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[0].topk = 9; }),
                 {"paged_mqa_schedule: topk is 9"}, NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[2].buffers[1].data = &plans; }),
                 {"buffers[1] is given, but the plan has 1"}, NSAMETA_UNSUPPORTED);
}

TEST_CASE("blocks of a compressed cache lie in pages, and its slots come from req_to_token") {
  const auto with_cache = [](const std::function<void(nsameta_plan&, call&)>& change) {
    return with_plans([=](auto& plans, call& c) {
      c.outputs.plans = &plans[NSAMETA_PLAN_COMPRESSED_ROWS];
      c.outputs.plan_count = 1;
      change(plans[NSAMETA_PLAN_COMPRESSED_ROWS], c);
    });
  };
  const auto of_block = [&](std::int32_t page_size, std::int32_t block, nsameta_kv_shard shard = {1, 0, 1}) {
    return with_cache([=](nsameta_plan& plan, call& c) {
      c.problem.page_size = page_size;
      c.problem.kv_shard = shard;
      for (nsameta_table* table : {&c.outputs.page_table_1, &c.outputs.real_page_table, &c.outputs.local_page_table_1})
        table->data = nullptr;
      plan.block = block;
    });
  };
  for (const std::int32_t block : {1, 16, 32, 64, 128}) check_accepted(NSAMETA_DECODE, of_block(128, block));
  check_rejected(NSAMETA_DECODE, of_block(128, 24),
                 {"plans[0]: compressed_rows: block_size is 24: a block of 96 positions", "page_size, which is 128"});
  check_rejected(NSAMETA_DECODE, of_block(128, 32, {2, 0, 3}),
                 {"compressed_rows: block_size is 32, no multiple of kv_shard.interleave, which is 3"});
  const auto without_tokens = with_cache([](nsameta_plan&, call& c) {
    for (nsameta_table* table : {&c.outputs.page_table_1, &c.outputs.real_page_table, &c.outputs.local_page_table_1})
      table->data = nullptr;
    c.outputs.out_cache_loc.data = nullptr;
    c.problem.req_to_token.data = nullptr;
    c.problem.req_pool_indices.data = nullptr;
  });
  check_rejected(NSAMETA_DECODE, without_tokens, {"req_to_token is absent, but plans[0] asks for out_loc"});
}

TEST_CASE("block tables of caches, and what the engine gives of rows") {
  static std::array<std::int32_t, 64> table;
  const auto with_cache = [](const std::function<void(nsameta_plan&, call&)>& change) {
    return with_plans([=](auto& plans, call& c) {
      nsameta_plan& plan = plans[NSAMETA_PLAN_COMPRESSED_ROWS];
      plan.blocks_from = 2;
      c.problem.block_tables[1] = {table.data(), requests, 8, 8};
      for (nsameta_table* tables : {&c.outputs.page_table_1, &c.outputs.real_page_table, &c.outputs.local_page_table_1})
        tables->data = nullptr;
      c.outputs.out_cache_loc.data = nullptr;
      c.problem.req_to_token.data = nullptr;
      c.problem.req_pool_indices.data = nullptr;
      c.outputs.plans = &plan;
      c.outputs.plan_count = 1;
      change(plan, c);
    });
  };
  const auto refused = [&](const std::string& words, const std::function<void(nsameta_plan&, call&)>& change,
                           nsameta_status status = NSAMETA_INVALID_ARGUMENT) {
    check_rejected(NSAMETA_DECODE, with_cache(change), {words}, status);
  };
  check_accepted(NSAMETA_DECODE, with_cache([](nsameta_plan&, call&) {}));
  refused("block_tables[0] is absent, but plans[0] is of it", [](nsameta_plan& plan, call&) { plan.blocks_from = 1; });
  refused(
      "plans[0]: compressed_rows: blocks_from is 2, but kv_shard.size is 2",
      [](nsameta_plan&, call& c) { c.problem.kv_shard = {2, 0, 1}; }, NSAMETA_UNSUPPORTED);
  refused("block_tables[1].row_stride is 7", [](nsameta_plan&, call& c) { c.problem.block_tables[1].row_stride = 7; });
  refused("block_tables[1].slots is 3, less than batch_size, which is 4",
          [](nsameta_plan&, call& c) { c.problem.block_tables[1].slots = 3; });
  refused("row_values_from is 2: it is counted from 1, and row_values is 0",
          [](nsameta_plan&, call& c) { c.outputs.row_values_from = 2; });
  refused("plans[0]: seq_lens.capacity is 0, room for 0 rows, but pad_rows_to is 5",
          [](nsameta_plan&, call& c) { c.problem.pad_rows_to = 5; });
  refused("row_values is -1, negative", [](nsameta_plan&, call& c) { c.problem.row_values = -1; });

  const auto by_rows = [](std::int32_t block) {
    return [=](nsameta_plan& plan, call& c) {
      plan.blocks_from = 0;
      plan.block = block;
      c.problem.page_size = 64;
      c.problem.out_cache_loc = {table.data(), 1, NSAMETA_INT32};
      c.problem.row_values = 4;
    };
  };
  check_accepted(NSAMETA_DECODE, with_cache(by_rows(16)));  // a block is a page: nothing is looked up
  refused("req_to_token is absent, but plans[0] asks for out_loc", by_rows(32));
  refused("req_to_token is absent, but plans[0] asks for out_loc", [&](nsameta_plan& plan, call& c) {
    by_rows(16)(plan, c);
    c.problem.kv_shard = {2, 0, 1};
  });
  refused(
      "out_cache_loc is given, but q_shard.size is 2",
      [](nsameta_plan&, call& c) {
        c.problem.out_cache_loc = {table.data(), 1, NSAMETA_INT32};
        c.problem.q_shard.size = 2;
      },
      NSAMETA_UNSUPPORTED);
  refused("req_to_token and out_cache_loc are absent, but plans[0] asks for local_out_loc",
          [](nsameta_plan& plan, call&) {
            const nsameta_vector slots = plan.buffers[4];
            plan = {};
            plan.kind = NSAMETA_PLAN_LOCAL_SLOTS;
            plan.buffers[0] = slots;
          });
}

TEST_CASE("a state has room for an entry and for the step's drafts") {
  const auto with_state = [](nsameta_plan_kind kind, const std::function<void(nsameta_plan&, call&)>& change) {
    return with_plans([=](auto& plans, call& c) {
      plans[kind].overlap = 1;
      change(plans[kind], c);
    });
  };
  const auto refused = [&](const char* words, const std::function<void(nsameta_plan&, call&)>& change) {
    check_rejected(NSAMETA_DECODE, with_state(NSAMETA_PLAN_STATE_WRITE, change), {"plans[20]: state_write: ", words});
  };
  check_accepted(NSAMETA_DECODE, with_state(NSAMETA_PLAN_STATE_WRITE, [](nsameta_plan&, call&) {}));
  refused("ring is 4, less than the 8 tokens that an entry is made from",
          [](nsameta_plan& plan, call&) { plan.ring = 4; });
  refused("ring is 10, no multiple of ratio", [](nsameta_plan& plan, call&) { plan.ring = 10; });
  refused("swa_page_size is 12, no multiple of ring, which is 8", [](nsameta_plan& plan, call&) {
    plan.preset = NSAMETA_STATE_OF_WINDOW;
    plan.page_size = 12;
  });
  refused("swa_page_size is 8, but the preset is request: 0 is wanted",
          [](nsameta_plan& plan, call&) { plan.page_size = 8; });
  refused("slot_offset is 1, but", [](nsameta_plan& plan, call&) { plan.slot_offset = 1; });
  refused("ring is 8, but a running state has 1 slot",
          [](nsameta_plan& plan, call&) { plan.preset = NSAMETA_STATE_RUNNING; });
  const auto verify = [&](std::int32_t ring, std::int64_t drafts) {
    return with_state(NSAMETA_PLAN_STATE_WRITE, [=](nsameta_plan& plan, call& c) {
      plan.ring = ring;
      c.problem.extend_seq_lens.data = nullptr;
      c.problem.uniform_extend_len = drafts;
      c.outputs.plans = &plan;
      c.outputs.plan_count = 1;
      for (const vector_field& field : vector_fields) (c.outputs.*field.member).data = nullptr;
      c.outputs.page_table_1.data = c.outputs.real_page_table.data = c.outputs.local_page_table_1.data = nullptr;
    });
  };
  check_accepted(NSAMETA_TARGET_VERIFY, verify(12, 6));
  check_rejected(NSAMETA_TARGET_VERIFY, verify(12, 7),
                 {"draft_exceeds_ring: uniform_extend_len is 7", "a ring of 12 keeps 6"});
  check_accepted(NSAMETA_TARGET_VERIFY, verify(8, 7));  // whose engine restores what it overwrites
}

TEST_CASE("the rank of a zigzag is one of its ranks") {
  check_rejected(NSAMETA_EXTEND, with_plans([](auto& plans, call& c) {
                   c.outputs.plans = &plans[NSAMETA_PLAN_ZIGZAG];
                   c.outputs.plan_count = 1;
                   plans[NSAMETA_PLAN_ZIGZAG].rank = 4;
                 }),
                 {"plans[0]: zigzag: cp_rank is 4, but cp_size is 4"});
}

TEST_CASE("a batch of more requests, or rows, than plans count") {
  const auto of_size = [](std::int64_t size) {
    return with_plans([=](auto&, call& c) {
      c.problem.seq_lens.stride = 0;
      c.problem.batch_size = size;
      for (const vector_field& field : vector_fields) (c.outputs.*field.member).data = nullptr;
      c.outputs.page_table_1.data = c.outputs.real_page_table.data = c.outputs.local_page_table_1.data = nullptr;
      c.problem.block_table.data = c.problem.req_to_token.data = nullptr;
      c.problem.req_pool_indices.data = nullptr;
    });
  };
  check_rejected(NSAMETA_DECODE, of_size(most_plan_requests + 1), {"batch_size is 1048577"}, NSAMETA_UNSUPPORTED);
  check_rejected(
      NSAMETA_TARGET_VERIFY,
      [&](call& c) {
        of_size(1 << 20)(c);
        c.problem.extend_seq_lens.data = nullptr;
        c.problem.uniform_extend_len = 1 << 11;
        c.outputs.plans += 2;
        c.outputs.plan_count = 1;
      },
      {"2147483648 rows"}, NSAMETA_UNSUPPORTED);
}

TEST_CASE("blocks of a zigzag, and lengths of ranks, that int32 does not number") {
  const auto of_ranks = [](nsameta_plan_kind kind, std::int32_t ranks) {
    return with_plans([=](auto& plans, call& c) {
      c.outputs = {};
      nsameta_outputs_init_sized(&c.outputs, sizeof c.outputs);
      c.problem.seq_lens.stride = 0;
      c.problem.batch_size = 1 << 20;
      c.problem.block_table.data = c.problem.req_to_token.data = nullptr;
      c.problem.req_pool_indices.data = nullptr;
      if (kind == NSAMETA_PLAN_ZIGZAG)
        plans[kind].parts = ranks;
      else
        c.problem.kv_shard = {ranks, 0, 1};
      c.outputs.plans = &plans[kind];
      c.outputs.plan_count = 1;
    });
  };
  check_rejected(NSAMETA_DECODE, of_ranks(NSAMETA_PLAN_ZIGZAG, 1024), {"zigzag", "2147483648 blocks"},
                 NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_DECODE, of_ranks(NSAMETA_PLAN_ZIGZAG, 1023), {"split_list.capacity"});
  check_rejected(NSAMETA_DECODE, of_ranks(NSAMETA_PLAN_DCP_LOCAL, 2048), {"dcp_local", "2147483648 lengths"},
                 NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_DECODE, of_ranks(NSAMETA_PLAN_DCP_LOCAL, 2047), {"dcp_local_seq_lens.capacity"});
}

TEST_CASE("the indexer's lengths of the most requests and query rows want that many elements") {
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call& c) {
                   c.outputs = {};
                   nsameta_outputs_init_sized(&c.outputs, sizeof c.outputs);
                   c.problem.seq_lens.stride = 0;
                   c.problem.batch_size = most_plan_requests;
                   c.problem.block_table.data = c.problem.req_to_token.data = nullptr;
                   c.problem.req_pool_indices.data = nullptr;
                   plans[NSAMETA_PLAN_CONTEXT_LENS].next_n = most_query_rows;
                   c.outputs.plans = &plans[NSAMETA_PLAN_CONTEXT_LENS];
                   c.outputs.plan_count = 1;
                 }),
                 {"context_lens.capacity is 4, less than the 67108864 elements"});
}

TEST_CASE("aiter's entries: how many, how far apart, and one a row in the form fast") {
  const auto of_size = [](std::int64_t size, std::int32_t topk, std::int32_t copies) {
    return with_plans([=](auto& plans, call& c) {
      c.outputs = {};
      nsameta_outputs_init_sized(&c.outputs, sizeof c.outputs);
      c.problem.seq_lens.stride = 0;
      c.problem.batch_size = size;
      c.problem.block_table.data = c.problem.req_to_token.data = nullptr;
      c.problem.req_pool_indices.data = nullptr;
      plans[3].preset = NSAMETA_AITER_INTRA;
      plans[3].topk = topk;
      plans[3].head_ratio = copies;
      c.outputs.plans = &plans[3];
      c.outputs.plan_count = 1;
    });
  };
  check_rejected(NSAMETA_DECODE, of_size(most_plan_requests / 2, 0, 3), {"1572864 entries, more than 1048576"},
                 NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_DECODE, of_size(most_plan_requests, 2048, 1), {"topk is 2048: 1048576 entries"},
                 NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_DECODE, of_size(most_plan_requests, 2047, 1), {"work_info_set.capacity"});
  check_rejected(NSAMETA_DECODE, with_plans([](auto& plans, call&) { plans[3].head_ratio = 2; }),
                 {"head_ratio is 2, but the form fast"}, NSAMETA_UNSUPPORTED);
}

TEST_CASE("a page list is of a table that the problem has") {
  const auto without = [](const nsameta_page_list_preset preset, const std::function<void(nsameta_problem&)>& change) {
    return with_plans([=](auto& plans, call& c) {
      for (const vector_field& field : vector_fields) (c.outputs.*field.member).data = nullptr;
      c.outputs.page_table_1.data = c.outputs.real_page_table.data = c.outputs.local_page_table_1.data = nullptr;
      plans[NSAMETA_PLAN_PAGE_LIST].preset = preset;
      c.outputs.plan_count = NSAMETA_PLAN_PAGE_LIST + 1;
      change(c.problem);
    });
  };
  const auto no_tokens = [](nsameta_problem& p) { p.req_to_token = {}, p.req_pool_indices = {}; };
  const auto no_blocks = [](nsameta_problem& p) { p.block_table.data = nullptr; };
  check_rejected(NSAMETA_DECODE, without(NSAMETA_PAGES_OF_TOKENS, no_tokens),
                 {"req_to_token is absent, but plans[4] is a page_list of it"});
  check_rejected(NSAMETA_DECODE, without(NSAMETA_PAGES_OF_BLOCKS, no_blocks),
                 {"block_table is absent, but plans[4] is a page_list of it"});
  check_accepted(NSAMETA_DECODE, without(NSAMETA_PAGES_OF_TOKENS, no_blocks));
  check_accepted(NSAMETA_DECODE, without(NSAMETA_PAGES_OF_BLOCKS, no_tokens));
  check_rejected(NSAMETA_DECODE, without(NSAMETA_PAGES_OF_TOKENS, [](nsameta_problem& p) { p.kv_shard = {2, 0, 1}; }),
                 {"plans[4]: page_list of req_to_token", "kv_shard.size is 2"}, NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_DECODE, without(NSAMETA_PAGES_OF_BLOCKS, [](nsameta_problem& p) { p.kv_shard = {2, 0, 48}; }),
                 {"block_size is 64, no multiple of kv_shard.interleave, which is 48"});
}

TEST_CASE("the list: how many, and where") {
  check_rejected(NSAMETA_DECODE, with_plans([](auto&, call& c) { c.outputs.plan_count = 46; }), {"plan_count is 46"});
  check_rejected(NSAMETA_DECODE, with_plans([](auto&, call& c) { c.outputs.plan_count = -1; }), {"plan_count is -1"});
  check_rejected(NSAMETA_DECODE, with_plans([](auto&, call& c) { c.outputs.plans = nullptr; }), {"plans is null"});
}

TEST_CASE("plans are of whole batches, and the top-k plan of as many rows of each request") {
  check_rejected(NSAMETA_DECODE,
                 with_plans([](auto&, call& c) { c.problem.q_shard = {2, 0, NSAMETA_Q_SHARD_CONTIGUOUS}; }),
                 {"q_shard.size is 2"}, NSAMETA_UNSUPPORTED);
  check_rejected(NSAMETA_EXTEND, with_plans([](auto&, call&) {}), {"topk_plan", "extend_seq_lens"},
                 NSAMETA_UNSUPPORTED);
}

TEST_CASE("a plan's buffer overlaps nothing else") {
  check_rejected(NSAMETA_DECODE,
                 with_plans([](auto& plans, call& c) { plans[1].buffers[1].data = c.outputs.cache_seqlens.data; }),
                 {"overlaps"});
  check_rejected(NSAMETA_DECODE,
                 with_plans([](auto& plans, call&) { plans[0].buffers[0].data = plans[1].buffers[0].data; }),
                 {"tile_scheduler_metadata", "paged_mqa_schedule"});
}
