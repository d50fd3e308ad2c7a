"""nsameta.fill on numpy arrays, against the definition."""
import json
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import calls
import nsameta
import reference
from problems import problems

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "tests/parity/vectors.jsonl"


def make(values, dtype):
    return np.array(values, dtype)


@settings(deadline=None, max_examples=300)
@given(problems(), st.sampled_from(["int32", "int64"]), st.integers(0, 5))
def test_matches_the_definition(problem, dtype, spare):
    calls.run(problem, make, dtype, spare)


@settings(deadline=None, max_examples=60)
@given(problems(), st.integers(2, 5))
def test_strided_inputs(problem, stride):
    def strided(values, dtype):
        values = np.array(values, dtype)
        if values.ndim != 1 or values.dtype == bool or (values == calls.UNTOUCHED).any():  # not an input
            return values
        spread = np.full(len(values) * stride, 999, dtype)
        spread[::stride] = values
        return spread[::stride]
    calls.run(problem, strided)


@pytest.mark.parametrize("line", VECTORS.read_text().splitlines())
def test_worked_vectors(line):
    vector = json.loads(line)
    keys = dict(vector["problem"])
    if "req_to_token" in keys:
        keys["req_to_token"] = np.array(keys["req_to_token"], np.int32)
    problem = reference.Problem(**keys)
    calls.run(problem, make)
    answers = reference.answer(problem)
    for name, expected in vector["expect"].items():  # the reference itself is held to them too
        if name in calls.TABLES:
            assert [list(row) for row in answers[name]] == expected, name
        else:
            assert answers[name] == (expected if isinstance(expected, list) else [expected]), name


def test_sums_in_64_bits():
    lengths = np.full(3, 2**31 - 1, np.int32)
    wide, narrow = np.zeros(4, np.int64), np.zeros(4, np.int32)
    status = np.zeros((), np.int32)
    nsameta.fill("decode", lengths, cu_seqlens_k=wide, status=status)
    assert wide.tolist() == [0, 2**31 - 1, 2**32 - 2, 3 * (2**31 - 1)] and status == 0
    nsameta.fill("decode", lengths, cu_seqlens_k=narrow, status=status)
    assert narrow.tolist() == [0, *[2**31 - 1] * 3] and status == 32


def test_tails_and_offset():
    lengths = np.array([3, 5], np.int32)
    cache, sums, table = np.full(4, -1, np.int32), np.full(5, -1, np.int32), np.full((3, 8), -1, np.int32)
    tokens = np.arange(16, dtype=np.int32).reshape(2, 8)
    nsameta.fill("decode", lengths, req_pool_indices=np.array([1, 0]), req_to_token=tokens, cache_seqlens=cache,
                 cu_seqlens_k=sums, page_table_1=table, vector_tail="zero", table_tail="value", table_tail_value=-9,
                 length_offset=1)
    assert cache.tolist() == [4, 6, 0, 0]
    assert sums.tolist() == [0, 4, 10, 10, 10]
    assert table.tolist() == [[8, 9, 10, 11, *[-9] * 4], [0, 1, 2, 3, 4, 5, -9, -9], [-9] * 8]  # the third is nobody's


def test_a_smaller_batch_by_the_number_of_its_requests():
    lengths, live = np.array([3, 5], np.int32), np.array([2], np.int32)
    cache, rows, table = np.zeros(2, np.int32), np.zeros(4, np.int32), np.zeros((4, 4), np.int32)
    for live[0], want in ((2, [5, 7]), (1, [5, 0]), (0, [0, 0])):
        nsameta.fill("target_verify", lengths, uniform_extend_len=2, live_requests=live, cache_seqlens=cache,
                     seqlens_expanded=rows, req_pool_indices=np.array([1, 0]), page_table_1=table, table_tail="value",
                     req_to_token=np.arange(8, dtype=np.int32).reshape(2, 4), table_tail_value=-1)
        assert cache.tolist() == want
        assert rows.tolist() == [4, 5, 6, 7][:2 * live[0]] + [0] * (4 - 2 * live[0])
        assert table.tolist() == [[4, 5, 6, 7], [4, 5, 6, 7], [0, 1, 2, 3], [0, 1, 2, 3]][:2 * live[0]] + [
            [-1] * 4] * (4 - 2 * live[0])
    nsameta.fill("decode", lengths, live_requests=np.array(1, np.int32), context_limit=2, cache_seqlens=cache)
    assert cache.tolist() == [2, 0]


def test_padding_by_the_row_and_by_its_length():
    marked, cache = np.zeros(5, bool), np.full(4, -1, np.int32)
    nsameta.fill("target_verify", np.array([7, 9]), uniform_extend_len=2, live_requests=np.array([1], np.int32),
                 seq_pad=1, is_padding=marked, cache_seqlens=cache, vector_tail="zero")
    assert marked.tolist() == [False, False, True, True, True]
    assert cache.tolist() == [9, 1, 1, 1]


def test_slots_of_the_unfinished_pools():
    slots = np.full(4, -7, np.int64)
    nsameta.fill("extend", np.array([10]), extend_seq_lens=np.array([3]), index_kpool=4, tail_slot_mapping=slots,
                 block_table=np.array([[7, 3]], np.int32), vector_tail="zero")
    assert slots.tolist() == [31, 28, 29, -1]


def test_limits_cut_what_the_buffers_hold():
    lengths = np.array([70, 9, 5], np.int32)
    tokens = np.arange(300, dtype=np.int32).reshape(3, 100)
    out = {name: np.full(10, -1, np.int32) for name in ("seqlens_expanded", "nsa_cu_seqlens_q", "cache_seqlens")}
    tables = {"page_table_1": np.full((10, 100), -1, np.int32), "real_page_table": np.full((10, 50), -1, np.int32)}
    nsameta.fill("target_verify", lengths, uniform_extend_len=2, batch_size=2, row_limit=3, column_limit=7,
                 page_size=2, req_pool_indices=np.arange(3), req_to_token=tokens, **out, **tables)
    assert out["cache_seqlens"].tolist() == [72, 11, *[-1] * 8]
    assert out["seqlens_expanded"].tolist() == [71, 72, 10, *[-1] * 7]
    assert out["nsa_cu_seqlens_q"].tolist() == [0, 1, 2, 3, *[-1] * 6]
    assert tables["page_table_1"][:, 0].tolist() == [0, 0, 100, *[-1] * 7]
    assert (tables["page_table_1"][:3, 6] == [6, 6, 106]).all() and (tables["page_table_1"][:, 7:] == -1).all()
    assert tables["real_page_table"][2, :5].tolist() == [50, 51, 52, 53, -1]


def test_a_column_limit_counts_positions_of_the_whole_cache():
    table = np.full((1, 6), -1, np.int32)
    nsameta.fill("decode", np.array([12]), kv_shard=(2, 1, 2), column_limit=7, req_pool_indices=np.array([0]),
                 req_to_token=np.arange(24, dtype=np.int32).reshape(1, 24), local_page_table_1=table)
    assert table.tolist() == [[1, 1, 3, -1, -1, -1]]  # positions 2 3 6; 7 and later are cut


def test_kinds_of_q_shard():
    seen = {}
    for kind in ("round_robin", "contiguous", "zigzag"):
        out, rows = np.full(16, -1, np.int32), np.zeros(1, np.int32)
        nsameta.fill("extend", np.array([17]), extend_seq_lens=np.array([16]), q_shard=(4, 1), q_shard_kind=kind,
                     seqlens_expanded=out, total_rows=rows)
        seen[kind] = out[:rows[0]].tolist()
    assert seen == {"round_robin": [3, 7, 11, 15], "contiguous": [6, 7, 8, 9], "zigzag": [4, 5, 14, 15]}


def test_entry_point_of_the_original():
    expanded, clamped = np.full(12, -1, np.int32), np.full(12, -1, np.int32)
    total = nsameta.fill_draft_extend_metadata(np.array([3, 6, 0], np.int32), np.array([20, 1, 9], np.int32), 19,
                                               expanded, clamped)
    assert total == 9 and expanded[:total].tolist() == [18, 19, 20, 0, 0, 0, 0, 0, 1] and expanded[9] == -1
    assert clamped[:total].tolist() == [18, 19, 19, 0, 0, 0, 0, 0, 1]


def test_rows_that_the_originals_outputs_do_not_hold_are_told():
    queries, lengths = np.array([3, 6, 0], np.int32), np.array([20, 1, 9], np.int32)
    expanded, clamped, status = np.full(4, -1, np.int32), np.full(12, -1, np.int32), np.zeros(1, np.int32)
    with pytest.raises(nsameta.InvalidArgument, match="out_seqlens_expanded has 4 elements, less than the 9 rows"):
        nsameta.fill_draft_extend_metadata(queries, lengths, 19, expanded, clamped)
    assert expanded.tolist() == [18, 19, 20, 0]
    with pytest.raises(nsameta.InvalidArgument, match="out_nsa_cache_seqlens has 4 elements"):
        nsameta.fill_draft_extend_metadata(queries, lengths, 19, clamped, expanded)
    total = nsameta.fill_draft_extend_metadata(queries, lengths, 19, expanded, clamped, status=status)
    assert total == 9 and status == 4


def test_many_sets_in_one_call():
    lengths, slots = np.array([3, 5], np.int32), np.array([1, 0])
    tokens = np.arange(16, dtype=np.int32).reshape(2, 8)
    sets = [{"cache_seqlens": np.zeros(2, np.int32), "cu_seqlens_k": np.zeros(3, np.int64), "length_offset": step,
             "page_table_1": np.full((2, 8), -1, np.int32), "column_limit": 4, "status": None,
             "vector_tail": "zero"} for step in range(20)]
    nsameta.fill_many("decode", lengths, sets, req_pool_indices=slots, req_to_token=tokens)
    for step, each in enumerate(sets):
        assert each["cache_seqlens"].tolist() == [3 + step, 5 + step]
        assert each["cu_seqlens_k"].tolist() == [0, 3 + step, 8 + 2 * step]
        alone = np.full((2, 8), -1, np.int32)
        nsameta.fill("decode", lengths, req_pool_indices=slots, req_to_token=tokens, page_table_1=alone,
                     length_offset=step, column_limit=4)
        assert (each["page_table_1"] == alone).all()
    nsameta.fill_many("decode", lengths, ())


def test_draft_steps_beside_their_batch():
    lengths, rejected = np.array([10, 0, 21], np.int32), np.array([0, 0, 3], np.int32)
    own = {"positions": np.zeros(6, np.int64), "cu_seqlens_q": np.zeros(4, np.int32)}
    seen, positions = np.zeros((5, 3), np.int32), np.full((5, 4), -7, np.int64)
    sets = [own, *({"draft_step": i + 1, "seqlens_expanded": seen[i], "positions": positions[i]} for i in range(5))]
    nsameta.fill_many("target_verify", lengths, sets, uniform_extend_len=2, num_rejected=rejected)
    assert own["positions"].tolist() == [10, 11, 0, 1, 18, 19]
    committed = lengths - rejected
    assert (seen == committed + np.arange(1, 6)[:, None]).all()
    assert (positions[:, :3] == committed + np.arange(5)[:, None]).all() and (positions[:, 3] == -7).all()
    with pytest.raises(ValueError, match="draft_step is 1025, outside"):
        nsameta.fill("decode", lengths, positions=positions[0], draft_step=1025)


def test_row_limit_does_not_cut_page_tables_of_draft_steps():
    table = np.full((3, 8), -1, np.int32)
    nsameta.fill("draft_extend", np.array([2, 1, 3]), extend_seq_lens=np.array([1, 1, 1]), draft_step=1, row_limit=1,
                 req_pool_indices=np.array([0, 1, 0]), req_to_token=np.arange(16, dtype=np.int32).reshape(2, 8),
                 page_table_1=table)
    assert table[:, :4].tolist() == [[0, 1, 2, -1], [8, 9, -1, -1], [0, 1, 2, 3]]


@pytest.mark.parametrize("count", range(1, 80))
def test_any_number_of_sets(count):
    sets = [{"cache_seqlens": np.zeros(1, np.int32), "status": np.zeros(1, np.int32), "vector_tail": "zero",
             "row_limit": 1} for _ in range(count)]
    nsameta.fill_many("decode", np.array([3]), sets)
    assert all(each["cache_seqlens"] == 3 for each in sets)
    with pytest.raises(TypeError, match=r"outputs\[0\]: no argument is called 'cache_seqlen'"):
        nsameta.fill_many("decode", np.array([3]), [{"cache_seqlen": None}, *sets[1:]])
