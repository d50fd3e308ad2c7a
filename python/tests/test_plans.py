"""The plans of attention kernels, as dictionaries among fill()'s arguments."""
import json
import pathlib
import sys

import numpy as np
import pytest

import nsameta
from test_devices import CUDA, Shown

WORKED = pathlib.Path(__file__).resolve().parents[2] / "tests/parity/plans.jsonl"
UNTOUCHED = -77

LENGTHS = np.array([1000, 0, 300, 64], np.int32)
TILES = [[0, 0, 0, 8, 0, 1, 1, 0], [0, 0, 8, 16, 1, 1, 1, 0], [1, 2, 0, 2, 0, 0, 1, 0], [2, 2, 2, 5, 1, 1, 1, 0],
         [3, 3, 0, 1, 0, 0, 0, 0], [4, 3, 15, 1, 0, 0, 0, 0]]
SPLITS = [0, 2, 3, 5, 6]


def ints(*shape):
    return np.full(shape, UNTOUCHED, np.int32)


def flashmla(parts=6, requests=4, **other):
    return {"kind": "flashmla", "preset": "2026", "num_sm_parts": parts,
            "tile_scheduler_metadata": ints(max(1, parts), 8), "num_splits": ints(requests + 1), **other}


def paged_mqa(parts=4, **other):
    return {"kind": "paged_mqa_schedule", "preset": "dg-2026-06", "num_sms": parts,
            "paged_mqa_schedule": ints(max(1, parts) + 1, 2), **other}


def topk(rows, **other):
    return {"kind": "topk_plan", "topk_plan": ints(rows + 1, 2), **other}


def without(key, plan):
    return {name: value for name, value in plan.items() if name != key}


def assert_flashmla(plan):
    assert plan["tile_scheduler_metadata"].tolist() == TILES and plan["num_splits"].tolist() == SPLITS


def test_flashmla():
    plan = flashmla(block=64, overhead=5, topk=0, extra_topk=0)
    nsameta.fill("decode", LENGTHS, plans=[plan])
    assert_flashmla(plan)


def test_paged_mqa_schedule():
    plan = paged_mqa(next_n=1)
    nsameta.fill("decode", np.array([1000, 0, 300]), plans=[plan])
    assert plan["paged_mqa_schedule"].tolist() == [[0, 0], [0, 1], [0, 2], [2, 0], [3, 0]]


def test_topk_plan():
    plan = topk(5, static_threshold=0)
    nsameta.fill("decode", np.array([65536, 65537, 0, 98304, 98305]), plans=[plan])
    assert plan["topk_plan"][:4].tolist() == [[65536, 3], [1, 65537], [3, 98304], [4, 98305]]


def page_list(*, preset="block_table", requests=3, listed=8):
    return {"kind": "page_list", "preset": preset, "kv_indptr": ints(requests + 1), "kv_indices": ints(listed),
            "kv_last_page_len": ints(requests)}


def logits_rows(requests=3, listed=8):
    return {"kind": "logits_rows", "cu_num_logits": ints(requests + 1),
            "logits_indices": np.full(listed, UNTOUCHED, np.int64), "expanded_req": ints(listed),
            "expanded_local_pos": ints(listed)}


BLOCKS = np.array([[7, 3, 9], [2, 8, 4], [5, 10, 11]], np.int32)


def test_page_list():
    plan = page_list()
    nsameta.fill("decode", np.array([33, 0, 16]), block_table=BLOCKS, block_size=16, plans=[plan])
    assert plan["kv_indptr"].tolist() == [0, 3, 3, 4]
    assert plan["kv_indices"].tolist() == [7, 3, 9, 5] + 4 * [UNTOUCHED]
    assert plan["kv_last_page_len"].tolist() == [1, 0, 16]


def test_page_list_of_tokens():
    plan = without("kv_last_page_len", page_list(preset="req_to_token"))
    nsameta.fill("decode", np.array([3, 0, 2]), req_pool_indices=np.array([2, 0, 1]), req_to_token=BLOCKS * 4,
                 page_size=2, plans=[plan])
    assert plan["kv_indptr"].tolist() == [0, 2, 2, 3] and plan["kv_indices"][:3].tolist() == [10, 22, 4]


def test_logits_rows():
    plan, wanted = logits_rows(), np.array([2, 0, 2], np.int32)
    nsameta.fill("extend", np.array([5, 0, 18]), extend_seq_lens=np.array([5, 0, 2]), num_logits=wanted,
                 plans=[plan])
    assert plan["cu_num_logits"].tolist() == [0, 2, 2, 4]
    assert plan["logits_indices"][:4].tolist() == [3, 4, 5, 6]
    assert plan["expanded_req"][:4].tolist() == [0, 0, 2, 2]
    assert plan["expanded_local_pos"].tolist() == [0, 1, 0, 1] + 4 * [UNTOUCHED]


def test_a_list_that_is_longer_than_its_buffer_loses_its_end():
    plan, status = page_list(listed=2), ints(1)
    nsameta.fill("decode", np.array([33, 0, 16]), block_table=BLOCKS, block_size=16, status=status, plans=[plan])
    assert plan["kv_indptr"].tolist() == [0, 3, 3, 4] and plan["kv_indices"].tolist() == [7, 3]
    assert status.tolist() == [4]  # capacity_exceeded


def dcp_local(ranks, requests=4):
    return {"kind": "dcp_local", "dcp_local_seq_lens": ints(requests, ranks)}


def zigzag(size, requests=4, cp_rank=0, **other):
    blocks, of_requests = ints(2 * size * requests), ints(requests)
    return {"kind": "zigzag", "cp_size": size, "cp_rank": cp_rank, "split_list": blocks,
            "zigzag_index": ints(2 * requests), "per_rank_tokens": ints(size), "q_prev": of_requests,
            "q_next": of_requests.copy(), "kv_prev": of_requests.copy(), "kv_next": of_requests.copy(),
            "cp_reverse_index": blocks.copy(), "reverse_split_len": blocks.copy(), **other}


def test_dcp_local():
    plan, alone = dcp_local(2), dcp_local(1)
    nsameta.fill("decode", LENGTHS, kv_shard=(2, 1, 16), context_limit=70, plans=[plan])
    assert plan["dcp_local_seq_lens"].tolist() == [[38, 32], [0, 0], [38, 32], [32, 32]]
    nsameta.fill("decode", LENGTHS, plans=[alone])
    assert alone["dcp_local_seq_lens"].ravel().tolist() == LENGTHS.tolist()


def test_zigzag_of_each_rank():
    for rank, (own, prev, after) in enumerate([([0, 4, 3, 7], [24, 5], [30, 17]), ([1, 5, 2, 6], [26, 9], [28, 13])]):
        plan = zigzag(2, 2, cp_rank=rank)
        nsameta.fill("extend", np.array([30, 17]), extend_seq_lens=np.array([9, 17]), plans=[plan])
        assert plan["split_list"].tolist() == [3, 2, 2, 2, 5, 4, 4, 4]
        assert plan["zigzag_index"].tolist() == own and plan["per_rank_tokens"].tolist() == [14, 12]
        assert plan["kv_prev"].tolist() == prev and plan["kv_next"].tolist() == after


def context_lens(columns, requests=4, preset="rows", **other):
    return {"kind": "context_lens", "preset": preset, "next_n": columns, "context_lens": ints(requests, columns),
            **other}


def test_context_lens():
    rows, repeated = context_lens(3, 3), context_lens(3, 3, "repeated")
    nsameta.fill("decode", np.array([14, 2, 9]), context_limit=13, live_requests=np.array([2], np.int32), seq_pad=1,
                 plans=[rows, repeated])
    assert rows["context_lens"].tolist() == [[12, 13, 13], [0, 1, 2], [0, 0, 1]]
    assert repeated["context_lens"].tolist() == [[13, 13, 13], [2, 2, 2], [1, 1, 1]]


def test_context_lens_of_a_batch_with_drafts_are_its_rows_lengths():
    lengths, plan, expanded = np.array([10, 0, 300], np.int32), context_lens(4, 3), ints(12)
    nsameta.fill("target_verify", lengths, uniform_extend_len=4, kv_shard=(2, 1, 16), seqlens_expanded=expanded,
                 plans=[plan])
    assert plan["context_lens"].ravel().tolist() == expanded.tolist()


def test_a_compressed_cache():
    rows = {"kind": "compressed_rows", "ratio": 4, "block_size": 4, "seq_lens": ints(6), "positions": ints(6),
            "out_loc": np.full(6, UNTOUCHED, np.int64)}
    requests = {"kind": "compressed_requests", "ratio": 4, "kv_lens": ints(2), "cu_new_lens": ints(3)}
    carries = {"kind": "compressed_carries", "ratio": 4, "num_carries": ints(1), "carries": ints(2, 4)}
    events = {"kind": "compressed_events", "ratio": 4, "overlap": 1, "num_events": ints(1), "events": ints(2, 4)}
    slots = np.arange(2 * 32, dtype=np.int32).reshape(2, 32) + 160
    nsameta.fill("target_verify", np.array([2, 16]), uniform_extend_len=3, req_to_token=slots,
                 req_pool_indices=np.array([1, 0]), page_size=16, plans=[rows, requests, events, carries])
    assert rows["seq_lens"].tolist() == [0, 1, 1, 4, 4, 4]
    assert rows["positions"].tolist() == [0, 0, 4, 16, 16, 16]
    assert rows["out_loc"].tolist() == [0, 48, 0, 0, 0, 0]
    assert requests["kv_lens"].tolist() == [1, 4]
    assert requests["cu_new_lens"].tolist() == [0, 1, 1]
    assert carries["num_carries"].tolist() == [2]
    assert carries["carries"].tolist() == [[0, 4, 2, 1], [1, 16, 3, 3]]
    assert events["num_events"].tolist() == [1]
    assert events["events"].tolist() == [[1, 0, 4, 6], [UNTOUCHED] * 4]


def test_tables_of_a_compressed_cache():
    indices = {"kind": "compressed_indices", "ratio": 4, "block_size": 4, "columns": 6, "index_align": 2,
               "page_indices": ints(2, 6)}
    blocks = {"kind": "compressed_blocks", "preset": "row", "ratio": 4, "block_size": 4, "columns": 2,
              "block_table": ints(2, 2)}
    slots = np.arange(32, dtype=np.int32).reshape(1, 32) + 160
    nsameta.fill("target_verify", np.array([18]), uniform_extend_len=2, req_to_token=slots,
                 req_pool_indices=np.array([0]), page_size=16, plans=[indices, blocks])
    assert indices["page_indices"].tolist() == [[40, 41, 42, 43, UNTOUCHED, UNTOUCHED], [40, 41, 42, 43, 44, -1]]
    assert blocks["block_table"].tolist() == [[10, 11], [10, 11]]


def test_a_buffer_of_all_entries():
    rows = {"kind": "ragged_rows", "ratio": 4, "ragged_align": 2, "cu_kv_lens": ints(3), "ks": ints(7), "ke": ints(7)}
    blocks = {"kind": "ragged_blocks", "ratio": 4, "block_size": 2, "num_blocks": ints(1),
              "ragged_block_table": ints(4)}
    nsameta.fill("extend", np.array([9, 14]), extend_seq_lens=np.array([2, 5]), page_size=8,
                 req_to_token=np.arange(160, 176, dtype=np.int32).reshape(1, 16), req_pool_indices=np.array([0, 0]),
                 plans=[rows, blocks])
    assert rows["cu_kv_lens"].tolist() == [0, 2, 6]
    assert rows["ks"].tolist() == [0, 0, 2, 2, 2, 2, 2]
    assert rows["ke"].tolist() == [2, 2, 4, 4, 5, 5, 5]
    assert blocks["num_blocks"].tolist() == [3]
    assert blocks["ragged_block_table"].tolist() == [20, 20, 21, UNTOUCHED]


def test_a_state_of_raw_tokens():
    state = {"preset": "request", "ratio": 4, "ring": 16, "overlap": 1}
    compress = {**state, "kind": "state_compress", "num_compressed": ints(1), "compress_plan": ints(2, 4)}
    write = {**state, "kind": "state_write", "num_writes": ints(1), "write_plan": ints(5, 2)}
    nsameta.fill("target_verify", np.array([6]), uniform_extend_len=4, req_pool_indices=np.array([1]),
                 req_to_token=np.zeros((2, 16), np.int32), plans=[compress, write])
    assert compress["num_compressed"].tolist() == [1]
    assert compress["compress_plan"][0].tolist() == [8, 1 + 6 * 65536, 4, 5]
    assert write["num_writes"].tolist() == [4]
    assert write["write_plan"].tolist() == [[0, 22], [1, 23], [2, 24], [3, 25], [UNTOUCHED] * 2]
    with pytest.raises(nsameta.Error, match="draft_exceeds_ring"):
        nsameta.fill("target_verify", np.array([6]), uniform_extend_len=11, req_pool_indices=np.array([1]),
                     req_to_token=np.zeros((2, 16), np.int32), plans=[write])


def test_a_sliding_window():
    window = {"kind": "window", "preset": "full_to_swa", "swa_window": 3, "columns": 4, "index_align": 4,
              "swa_lens": ints(2), "swa_page_indices": ints(2, 4), "swa_out_loc": ints(2)}
    nsameta.fill("decode", np.array([2, 5]), req_to_token=np.arange(8, dtype=np.int32).reshape(1, 8),
                 req_pool_indices=np.array([0, 0]), full_to_swa=np.arange(8) + 100, plans=[window])
    assert window["swa_lens"].tolist() == [2, 3]
    assert window["swa_page_indices"].tolist() == [[101, 100, -1, -1], [104, 103, 102, -1]]
    assert window["swa_out_loc"].tolist() == [101, 104]


def test_a_window_of_given_slots_above_a_floor():
    window = {"kind": "window", "preset": "full_to_swa", "swa_window": 3, "columns": 4, "index_align": 4,
              "swa_lens": ints(2), "swa_page_indices": ints(2, 4), "swa_out_loc": ints(2)}
    batch = dict(req_to_token=np.arange(8, dtype=np.int32).reshape(1, 8), req_pool_indices=np.array([0, 0]),
                 full_to_swa=np.arange(8) + 100, plans=[window])
    nsameta.fill("decode", np.array([2, 5]), row_slots=np.array([7, -1]), swa_floor=np.array([1, 9]), **batch)
    assert window["swa_lens"].tolist() == [1, 0]
    assert window["swa_page_indices"].tolist() == [[101, -1, -1, -1], [-1, -1, -1, -1]]
    assert window["swa_out_loc"].tolist() == [107, -1]
    with pytest.raises(ValueError, match="^swa_floor has 1 elements, but row_slots has 2$"):
        nsameta.fill("decode", np.array([2, 5]), row_slots=np.array([7, -1]), swa_floor=np.array([1]), **batch)


def test_given_slots_of_a_draft_step():
    def window(rows):
        return {"kind": "window", "preset": "full_to_swa", "swa_window": 3, "columns": 4, "swa_out_loc": ints(rows)}

    own, draft = window(4), window(2)
    sets = [{"plans": [own]}, {"plans": [draft], "draft_step": 1, "row_values_from": 5}]
    nsameta.fill_many("target_verify", np.array([2, 5]), sets, uniform_extend_len=2,
                      row_slots=np.array([7, 6, 5, 4, 3, 2]), full_to_swa=np.arange(8) + 100)
    assert own["swa_out_loc"].tolist() == [107, 106, 105, 104]
    assert draft["swa_out_loc"].tolist() == [103, 102]


def test_padding_rows():
    cache = {"kind": "compressed_rows", "ratio": 4, "block_size": 4, "seq_lens": ints(4),
             "out_loc": np.full(4, UNTOUCHED, np.int64)}
    lengths = ints(4)
    nsameta.fill("decode", np.array([8, 5]), req_to_token=np.arange(8, dtype=np.int32).reshape(1, 8), page_size=16,
                 req_pool_indices=np.array([0, 0]), pad_rows_to=4, plans=[cache], seqlens_expanded=lengths)
    assert lengths.tolist() == [8, 5, 1, 1]
    assert cache["seq_lens"].tolist() == [2, 1, 0, 0]
    assert cache["out_loc"].tolist() == [1, 0, 0, 0]


def test_a_block_table_of_its_own():
    blocks = {"kind": "compressed_blocks", "preset": "request", "columns": 2, "ratio": 4, "block_size": 4,
              "blocks_from": 2, "block_table": ints(2, 2)}
    tables = [None, np.array([[5, 9], [6, 7]], np.int32)]
    nsameta.fill("decode", np.array([20, 3]), block_tables=tables, plans=[blocks])
    assert blocks["block_table"].tolist() == [[5, 9], [6, UNTOUCHED]]
    with pytest.raises(ValueError, match=r"^block_tables\[1\].slots is 1, less than batch_size, which is 2$"):
        nsameta.fill("decode", np.array([20, 3]), block_tables=[None, tables[1][:1]], plans=[blocks])
    with pytest.raises(ValueError, match=r"^block_tables\[0\] is absent, but plans\[0\] is of it$"):
        nsameta.fill("decode", np.array([20, 3]), block_tables=tables, plans=[blocks | {"blocks_from": 1}])
    with pytest.raises(ValueError, match="^block_tables has 5 tables, more than 4$"):
        nsameta.fill("decode", np.array([20, 3]), block_tables=[None] * 5)
    with pytest.raises(TypeError, match="^block_tables is 3, not a list or tuple of arrays$"):
        nsameta.fill("decode", np.array([20, 3]), block_tables=3)


def test_slots_of_one_rank():
    slots = {"kind": "local_slots", "local_out_loc": np.full(3, UNTOUCHED, np.int64)}
    nsameta.fill("decode", np.array([5, 4, 4]), kv_shard=(2, 1, 1), row_slots=np.array([116, 67, -1]), plans=[slots])
    assert slots["local_out_loc"].tolist() == [0, 33, 0]


def as_arguments(problem):
    """A problem in the words of a plan's own library as lengths, fill()'s arguments and a plan without buffers."""
    kind, _, form = problem["plan"].partition("_") if problem["plan"].startswith("aiter") else (problem["plan"], "", "")
    plan, inputs, lengths = {"kind": kind}, {}, None
    if preset := form or {"flashmla": "2026", "paged_mqa_schedule": "dg-2026-06", "context_lens": "rows"}.get(kind):
        plan["preset"] = preset
    for key, value in problem.items():
        if key == "batch":
            lengths = [0] * value
        elif key in ("context_lens", "cache_seqlens", "lens", "seq_lens"):
            if value and isinstance(value[0], list):
                plan["next_n"] = len(value[0])
                value = [row[-1] for row in value]
            lengths = value
        elif key == "kv_lens":  # of pages
            size = problem.get("page_size", 1)
            last = problem.get("kv_last_page_lens", [size] * len(value))
            lengths = [(pages - 1) * size + keys if pages else 0 for pages, keys in zip(value, last)]
        elif key in ("topk_length", "extra_topk_length"):
            inputs[key.replace("length", "lens")] = np.array(value, np.int32)
        elif key == "extend_seq_lens":
            inputs[key] = np.array(value, np.int32)
        elif key == "kv_shard":
            inputs[key] = tuple(value)
        elif key == "live_requests":
            inputs[key] = np.array([value], np.int32)
        elif key in ("context_limit", "index_kpool", "seq_pad"):
            inputs[key] = value
        elif key not in ("plan", "kv_last_page_lens"):
            plan["preset" if key == "api" else key] = value
    if kind == "context_lens":
        plan.setdefault("next_n", 1)
    return np.array(lengths, np.int32), inputs, plan


def of_one_plan(line):
    return json.loads(line)["problem"].get("plan", "step") != "step"


@pytest.mark.parametrize("line", filter(of_one_plan, WORKED.read_text().splitlines()))
def test_worked_plans(line):
    worked = json.loads(line)
    lengths, inputs, plan = as_arguments(worked["problem"])
    parts = plan.get("num_sms", plan.get("num_sm_parts", plan.get("num_cu", plan.get("cp_size"))))
    entries = len(lengths) * plan.get("head_ratio", 1)
    shapes = {"paged_mqa_schedule": lambda: (parts + 1, 2), "tile_scheduler_metadata": lambda: (parts, 8),
              "num_splits": lambda: (len(lengths) + 1,), "topk_plan": lambda: (len(lengths) + 1, 2),
              "work_indptr": lambda: (parts + 1,), "work_info_set": lambda: (entries * 16 + parts, 8),
              "reduce_indptr": lambda: (entries + 1,), "reduce_final_map": lambda: (entries, 2),
              "reduce_partial_map": lambda: (entries * 16 + parts,),
              "dcp_local_seq_lens": lambda: (len(lengths), inputs.get("kv_shard", (1,))[0]),
              "context_lens": lambda: (len(lengths), plan["next_n"]) if plan["next_n"] > 1 else (len(lengths),)}
    if plan["kind"] == "zigzag":
        mode, buffers = "extend", zigzag(parts, len(lengths))
    else:
        mode, buffers = "decode", {name: ints(*shapes[name]()) for name in worked["expect"]}
    nsameta.fill(mode, lengths, plans=[{**buffers, **plan}], **inputs)
    for name, expected in worked["expect"].items():
        assert buffers[name][:len(expected)].tolist() == expected, name
        if name in ("work_info_set", "reduce_partial_map"):
            assert (buffers[name][len(expected):] == UNTOUCHED).all(), name


def test_constants_that_are_left_out_have_their_usual_values():
    plan = flashmla(block=None, overhead=None)
    nsameta.fill("decode", LENGTHS, plans=(plan,))
    assert_flashmla(plan)
    other = flashmla(block=32)
    nsameta.fill("decode", LENGTHS, plans=[other])
    assert other["num_splits"].tolist() != SPLITS


def test_several_plans_go_beside_outputs():
    plans, cached = [flashmla(), paged_mqa(), topk(4, static_threshold=299), flashmla(preset="2025")], ints(4)
    nsameta.fill("decode", LENGTHS, cache_seqlens=cached, plans=plans)
    assert_flashmla(plans[0])
    assert plans[2]["topk_plan"][:3].tolist() == [[299, 2], [0, 1000], [2, 300]]
    in_order_of_2026 = plans[3]["tile_scheduler_metadata"][:, [0, 2, 1, 3, 4]]
    assert in_order_of_2026.tolist() == [row[:5] for row in TILES]
    assert cached.tolist() == LENGTHS.tolist()
    nsameta.fill("decode", LENGTHS, plans=[])
    nsameta.fill("decode", LENGTHS, plans=None)


@pytest.mark.parametrize("shape", [(48,), (6, 8), (3, 16), (48, 1), (1, 48), (100,), (9, 8)])
def test_buffers_are_of_any_shape_that_holds_the_elements(shape):
    plan = flashmla(tile_scheduler_metadata=ints(*shape))
    nsameta.fill("decode", LENGTHS, plans=[plan])
    words = plan["tile_scheduler_metadata"].ravel()
    assert words[:48].reshape(6, 8).tolist() == TILES and (words[48:] == UNTOUCHED).all()


def test_a_single_element_may_have_no_dimension():
    plan = flashmla(1, 0, num_splits=np.full((), -1, np.int32))
    nsameta.fill("decode", np.zeros(0, np.int32), plans=[plan])
    assert plan["num_splits"] == 0


def test_lengths_of_sparse_attention():
    given = {"topk_lens": np.array([0, 100, 512]), "extra_topk_lens": np.array([5, 0, 128], np.int32)}
    plan = flashmla(8, 3, topk=512, extra_topk=128, overhead=3)
    nsameta.fill("decode", np.zeros(3, np.int32), plans=[plan], **given)
    assert plan["num_splits"].tolist() == [0, 1, 2, 6]
    longer = {name: np.repeat(np.append(values, 9), 2)[::2] for name, values in given.items()}
    again = flashmla(8, 3, topk=512, extra_topk=128, overhead=3)
    nsameta.fill("decode", np.zeros(5, np.int32), batch_size=3, plans=[again], **longer)
    assert (again["tile_scheduler_metadata"] == plan["tile_scheduler_metadata"]).all()
    same, read = flashmla(8, 3, topk=77), flashmla(8, 3, topk=1)
    nsameta.fill("decode", np.zeros(3, np.int32), plans=[same])
    nsameta.fill("decode", np.zeros(3, np.int32), plans=[read], topk_lens=np.broadcast_to(np.array([77]), 3))
    assert (same["tile_scheduler_metadata"] == read["tile_scheduler_metadata"]).all()


def test_each_set_has_its_plans():
    sets = [{"plans": [flashmla(), paged_mqa()], "length_offset": -step} for step in range(10)]
    sets[3] = {"cache_seqlens": ints(4)}
    nsameta.fill_many("decode", LENGTHS, sets)
    assert_flashmla(sets[0]["plans"][0])
    assert sets[3]["cache_seqlens"].tolist() == LENGTHS.tolist()
    for step in (0, 1, 2, *range(4, 10)):
        plans = [flashmla(), paged_mqa()]
        nsameta.fill("decode", LENGTHS, plans=plans, length_offset=-step)
        for alone, each in zip(plans, sets[step]["plans"]):
            for name in alone:
                assert np.array_equal(alone[name], each[name]), (step, name)


def test_explain_takes_them_and_writes_nothing():
    plan = flashmla()
    decision = nsameta.explain("decode", LENGTHS, plans=[plan])
    assert decision["error"] is None and decision["backend"] == "cpu"
    assert (plan["num_splits"] == UNTOUCHED).all()


def test_they_are_let_go():
    plan = flashmla()
    before = [sys.getrefcount(each) for each in plan.values()]
    nsameta.fill("decode", LENGTHS, plans=[plan])
    with pytest.raises(ValueError):
        nsameta.fill("decode", LENGTHS, plans=[plan, flashmla(0)])
    assert [sys.getrefcount(each) for each in plan.values()] == before


def read_only(*shape):
    made = ints(*shape)
    made.flags.writeable = False
    return made


def shared_memory():
    shared = ints(6, 8)
    nsameta.fill("decode", LENGTHS, plans=[flashmla(tile_scheduler_metadata=shared, num_splits=shared)])


def fill(*plans, **given):
    return lambda: nsameta.fill("decode", LENGTHS, plans=[*plans], **given)


@pytest.mark.parametrize("error, text, call", [
    (TypeError, "^plans is 7, not a list or tuple of dicts$", lambda: nsameta.fill("decode", LENGTHS, plans=7)),
    (TypeError, "^plans is {}, not a list or tuple of dicts$", lambda: nsameta.fill("decode", LENGTHS, plans={})),
    (ValueError, "^plans has 46 plans, more than 45$", fill(*[flashmla() for _ in range(46)])),
    (TypeError, r"^plans\[1\] is 'flashmla', not a dict$", fill(flashmla(), "flashmla")),
    (TypeError, r"^plans\[0\]: kind: the key is missing$", fill({})),
    (ValueError, r"^plans\[0\].kind is 'flash_mla', none of paged_mqa_schedule, flashmla, topk_plan, aiter, page_list, "
     "logits_rows, dcp_local, zigzag, context_lens, compressed_rows, compressed_requests, compressed_indices, compressed_blocks, window, compressed_events, compressed_carries, ragged_rows, ragged_blocks, state_decode, state_compress, state_write, compressed_candidates, local_slots; did you mean flashmla[?]$", fill(flashmla(kind="flash_mla"))),
    (ValueError, r"^plans\[0\].kind is 1, none of paged_mqa_schedule, flashmla, topk_plan, aiter, page_list, "
     "logits_rows, dcp_local, zigzag, context_lens, compressed_rows, compressed_requests, compressed_indices, compressed_blocks, window, compressed_events, compressed_carries, ragged_rows, ragged_blocks, state_decode, state_compress, state_write, compressed_candidates, local_slots$", fill(flashmla(kind=1))),
    (TypeError, r"^plans\[0\]: num_sm_parts: the key is missing$", fill(without("num_sm_parts", flashmla()))),
    (TypeError, r"^plans\[0\]: num_sm_parts: the key is missing$", fill(flashmla(num_sm_parts=None))),
    (TypeError, r"^plans\[0\]: num_sms: the key is missing$", fill(without("num_sms", paged_mqa()))),
    (TypeError, r"^plans\[0\]: preset: the key is missing$", fill(without("preset", flashmla()))),
    (TypeError, r"^plans\[1\]: preset: the key is missing$", fill(flashmla(), without("preset", paged_mqa()))),
    (TypeError, r"^plans\[0\]: num_splits: the key is missing$", fill(without("num_splits", flashmla()))),
    (TypeError, r"^plans\[0\]: topk_plan: the key is missing$", fill(topk(4, topk_plan=None))),
    (TypeError, r"^plans\[0\]: unknown key 'num_sm' of paged_mqa_schedule; valid are kind, preset, num_sms, next_n, "
     "paged_mqa_schedule; did you mean num_sms[?]$", fill(paged_mqa(num_sm=132))),
    (TypeError, r"^plans\[0\]: unknown key 'next_n' of flashmla; valid are kind, preset, num_sm_parts, block, overhead,"
     " topk, extra_topk, tile_scheduler_metadata, num_splits$", fill(flashmla(next_n=1))),
    (TypeError, r"^plans\[0\]: unknown key 'preset' of topk_plan; valid are kind, static_threshold, topk_plan$",
     fill(topk(4, preset="2026"))),
    (TypeError, r"^plans\[0\]: a key is 5, not a str$", fill({**flashmla(), 5: 6})),
    (ValueError, r"^plans\[0\].preset is '2027', none of 2026, 2025", fill(flashmla(preset="2027"))),
    (ValueError, r"^plans\[0\].preset is 2026, none of 2026, 2025$", fill(flashmla(preset=2026))),
    (ValueError, r"^plans\[0\].preset is 'dg-2026-6', none of dg-2025-09, .*; did you mean dg-2026-06[?]$",
     fill(paged_mqa(preset="dg-2026-6"))),
    (TypeError, r"^plans\[0\].block is '64', not an integer$", fill(flashmla(block="64"))),
    (TypeError, r"^plans\[0\].num_sm_parts is True, not an integer$", fill(flashmla(num_sm_parts=True))),
    (ValueError, r"^plans\[0\].topk is 4294967296, more than 32 bits hold$", fill(flashmla(topk=2**32))),
    (ValueError, r"^plans\[0\]: flashmla: num_sm_parts is 0, outside \[1, 1024\]$", fill(flashmla(0))),
    (ValueError, r"^plans\[1\]: paged_mqa_schedule: next_n is 65, outside \[1, 64\]$",
     fill(flashmla(), paged_mqa(next_n=65))),
    (TypeError, r"^plans\[0\].num_splits is of type list, which shows no array",
     fill(flashmla(num_splits=[0] * 5))),
    (TypeError, r"^plans\[0\].num_splits is int64, not int32$", fill(flashmla(num_splits=np.zeros(5, np.int64)))),
    (ValueError, r"^plans\[0\].num_splits is read-only, and a fill writes to it",
     fill(flashmla(num_splits=read_only(5)))),
    (ValueError, r"^plans\[0\].num_splits has elements 2 elements apart, not 1: one without gaps is wanted$",
     fill(flashmla(num_splits=ints(10)[::2]))),
    (ValueError, r"^plans\[0\].tile_scheduler_metadata has rows 9 elements apart, not 8: one without gaps",
     fill(flashmla(tile_scheduler_metadata=ints(6, 9)[:, :8]))),
    (ValueError, r"^plans\[0\].tile_scheduler_metadata has elements 6 elements apart, not 1",
     fill(flashmla(tile_scheduler_metadata=ints(8, 6).T))),
    (ValueError, r"^plans\[0\].tile_scheduler_metadata has 3 dimensions, more than 2",
     fill(flashmla(tile_scheduler_metadata=ints(6, 4, 2)))),
    (ValueError, r"^plans\[0\]: dcp_local_seq_lens.capacity is 8, less than the 12 elements that it has",
     fill(dcp_local(2), kv_shard=(3, 0, 1))),
    (TypeError, r"^plans\[0\]: unknown key 'preset' of dcp_local; valid are kind, dcp_local_seq_lens$",
     fill({**dcp_local(1), "preset": "2026"})),
    (ValueError, r"^plans\[0\]: context_lens.capacity is 8, less than the 12 elements that it has",
     fill(context_lens(2, next_n=3))),
    (ValueError, r"^plans\[0\]: context_lens: next_n is 65, outside \[1, 64\]$", fill(context_lens(65))),
    (TypeError, r"^plans\[0\]: next_n: the key is missing$", fill(without("next_n", context_lens(2)))),
    (TypeError, r"^plans\[0\]: preset: the key is missing$", fill(without("preset", context_lens(2)))),
    (ValueError, r"^plans\[0\].preset is 'row', none of rows, repeated; did you mean rows[?]$",
     fill(context_lens(2, preset="row"))),
    (TypeError, r"^plans\[0\]: cp_size: the key is missing$", fill(without("cp_size", zigzag(2)))),
    (TypeError, r"^plans\[0\]: cp_rank: the key is missing$", fill(without("cp_rank", zigzag(2)))),
    (TypeError, r"^plans\[0\]: kv_next: the key is missing$", fill(without("kv_next", zigzag(2)))),
    (ValueError, r"^plans\[0\]: zigzag: cp_rank is 2, but cp_size is 2$", fill(zigzag(2, cp_rank=2))),
    (ValueError, r"^plans\[0\]: tile_scheduler_metadata.capacity is 47, less than the 48 elements that it has",
     fill(flashmla(tile_scheduler_metadata=ints(47)))),
    (ValueError, r"^plans\[0\]: num_splits.capacity is 0, less than the 5 elements",
     fill(flashmla(num_splits=ints(0, 8)))),
    (ValueError, "^num_splits overlaps tile_scheduler_metadata at its byte 0$", shared_memory),
    (nsameta.Error, r"^plans\[0\]: flashmla is asked for, but q_shard.size is 2", fill(flashmla(), q_shard=(2, 0))),
    (ValueError, r"^plans\[0\].topk_plan is on cuda:0, but seq_lens on the CPU$", fill(topk(4, topk_plan=Shown(CUDA)))),
    (TypeError, r"^plans\[0\].logits_indices is int32, not int64$",
     fill({**logits_rows(4), "logits_indices": ints(8)})),
    (TypeError, r"^plans\[0\]: kv_indptr: the key is missing$", fill(without("kv_indptr", page_list()))),
    (ValueError, r"^block_table is absent, but plans\[0\] is a page_list of it$", fill(page_list(requests=4))),
    (ValueError, "^num_logits has 3 elements, but the batch has 4$", fill(logits_rows(4), num_logits=ints(3))),
    (TypeError, "^topk_lens is float64, neither int32 nor int64$", fill(flashmla(), topk_lens=np.zeros(4))),
    (ValueError, "^topk_lens has 2 dimensions, not 1$", fill(flashmla(), topk_lens=ints(4, 1))),
    (ValueError, "^topk_lens has 3 elements, but the batch has 4$", fill(flashmla(), topk_lens=ints(3))),
    (ValueError, "^extra_topk_lens has 5 elements, but the batch has 4$", fill(flashmla(), extra_topk_lens=ints(5))),
    (TypeError, "^plans is each set's, in outputs$",
     lambda: nsameta.fill_many("decode", LENGTHS, [{}], plans=[flashmla()])),
    (TypeError, r"^outputs\[0\]: topk_lens is the call's, not a set's$",
     lambda: nsameta.fill_many("decode", LENGTHS, [{"topk_lens": LENGTHS}])),
    (TypeError, r"^outputs\[1\].plans\[0\]: num_sm_parts: the key is missing$",
     lambda: nsameta.fill_many("decode", LENGTHS, [{}, {"plans": [without("num_sm_parts", flashmla())]}])),
    (TypeError, r"^outputs\[1\].plans\[0\].num_splits is int64, not int32$",
     lambda: nsameta.fill_many("decode", LENGTHS, [{}, {"plans": [flashmla(num_splits=np.zeros(5, np.int64))]}])),
    (ValueError, r"^outputs\[1\]: plans\[0\]: flashmla: block is 0, outside",
     lambda: nsameta.fill_many("decode", LENGTHS, [{}, {"plans": [flashmla(block=0)]}])),
])
def test_refused(error, text, call):
    with pytest.raises(error, match=text):
        call()


def test_a_refusal_writes_nothing():
    plan, cached = flashmla(), ints(4)
    with pytest.raises(nsameta.InvalidArgument):
        nsameta.fill("decode", LENGTHS, cache_seqlens=cached, plans=[plan, flashmla(0)])
    assert (cached == UNTOUCHED).all() and (plan["num_splits"] == UNTOUCHED).all()
