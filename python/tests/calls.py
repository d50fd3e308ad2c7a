"""Runs a problem through nsameta.fill on some library's arrays, and compares with the reference."""
import numpy as np

import nsameta
import reference

UNTOUCHED = -77
SLOTS = ("slot_mapping", "out_cache_loc", "tail_slot_mapping")
TABLES = ("page_table_1", "real_page_table", "local_page_table_1")


def arguments(problem, make, dtype="int32"):
    """`make(values, dtype)` gives an array of the library under test."""
    given = {"uniform_extend_len": problem.uniform_extend_len, "page_size": problem.page_size,
             "index_topk": problem.index_topk, "index_kpool": problem.index_kpool, "kv_shard": problem.kv_shard,
             "q_shard": problem.q_shard, "q_shard_kind": problem.q_shard_kind, "context_limit": problem.context_limit,
             "vector_tail": problem.vector_tail, "table_tail": problem.table_tail,
             "table_tail_value": problem.table_tail_value, "block_size": problem.block_size,
             "pad_slot": problem.pad_slot, "seq_pad": problem.seq_pad}
    for name in ("extend_seq_lens", "req_pool_indices"):
        if getattr(problem, name) is not None:
            given[name] = make(getattr(problem, name), dtype)
    for name in ("req_to_token", "block_table"):
        if getattr(problem, name) is not None:
            given[name] = make(getattr(problem, name), "int32")
    if problem.live_requests is not None:
        given["live_requests"] = make([problem.live_requests], "int32")
    return given


def buffers(problem, expected, spare, make):
    """For each field an array that holds the whole batch and `spare` elements, rows and columns more."""
    made = {}
    for name, values in expected.items():
        if name in TABLES:
            width = problem.req_to_token.shape[1]
            columns = -(-width // problem.page_size) if name == "real_page_table" else width
            shape = (len(values) + spare, columns + spare)
        elif name in ("total_rows", "status"):
            shape = (1,)
        else:  # the host checks request fields for the whole batch, also where a shard keeps less of it
            shape = (max(len(values), len(problem.seq_lens) + 1) + spare,)
        types = {"slot_mapping": "int64", "tail_slot_mapping": "int64", "is_padding": "bool"}
        untouched = 0 if name == "is_padding" else UNTOUCHED
        made[name] = make(np.full(shape, untouched), types.get(name, "int32"))
    return made


def check(problem, expected, outputs):
    table_tail = {"keep": UNTOUCHED, "zero": 0, "value": problem.table_tail_value}[problem.table_tail]
    for name, values in expected.items():
        got = np.asarray(outputs[name])
        if name not in TABLES:
            zero = values[-1] if name.startswith(("cu_", "nsa_cu_")) else problem.pad_slot if name in SLOTS else 0
            if name in ("cache_seqlens", "local_cache_seqlens"):
                zero = reference.local(problem, problem.seq_pad)
            tail = zero if problem.vector_tail == "zero" and name != "last_token_index" else UNTOUCHED
            if name == "is_padding":
                tail = problem.vector_tail == "zero"
            np.testing.assert_array_equal(got[:len(values)], np.asarray(values, np.int64), err_msg=name)
            assert (got[len(values):] == tail).all(), f"{name}: its tail"
            continue
        for row, live in enumerate(values):
            columns = 0 if live is None else len(live)
            if columns:
                np.testing.assert_array_equal(got[row, :columns], live, err_msg=f"{name}[{row}]")
            assert (got[row, columns:] == table_tail).all(), f"{name}[{row}]: its tail"
        assert (got[len(values):] == table_tail).all(), f"{name}: rows that nobody has"


def run(problem, make, dtype="int32", spare=3, back=np.asarray, fill=nsameta.fill):
    """`back` brings an array to numpy."""
    expected = reference.answer(problem)
    outputs = buffers(problem, expected, spare, make)
    fill(problem.mode, make(problem.seq_lens, dtype), **arguments(problem, make, dtype), **outputs)
    check(problem, expected, {name: back(array) for name, array in outputs.items()})
