"""Whatever holds integers is taken; whatever does not is refused with its name and value."""
import array
import ctypes
import gc
import weakref

import numpy as np
import pytest

import nsameta

LENGTHS = np.array([20, 1, 9], np.int32)


def test_any_buffer_will_do():
    out = array.array("i", [0] * 4)
    nsameta.fill("decode", memoryview(array.array("q", [3, 4])), cache_seqlens=memoryview(out))
    assert out.tolist() == [3, 4, 0, 0]


def test_ctypes_arrays_have_no_strides():
    lengths, out = (ctypes.c_int32 * 2)(3, 4), (ctypes.c_int32 * 2)()
    nsameta.fill("decode", lengths, cache_seqlens=out)
    assert list(out) == [3, 4]
    tokens, table = (ctypes.c_int32 * 8 * 2)((*range(8),), (*range(10, 18),)), (ctypes.c_int32 * 4 * 2)()
    nsameta.fill("decode", lengths, req_pool_indices=(ctypes.c_int64 * 2)(1, 0), req_to_token=tokens,
                 page_table_1=table)
    assert [list(row) for row in table] == [[10, 11, 12, 0], [0, 1, 2, 3]]


def test_classes_made_at_run_time_are_let_go():
    def use_a_new_class():
        made = type("Made", (np.ndarray,), {})
        nsameta.fill("decode", LENGTHS.view(made))
        return weakref.ref(made)
    made = [use_a_new_class() for _ in range(500)]
    gc.collect()
    assert sum(each() is not None for each in made) <= 64


def test_a_stride_of_0_is_one_length_for_all():
    same, queries, slots = (np.broadcast_to(np.array([value]), 70) for value in (9, 2, 1))
    tokens = np.arange(32, dtype=np.int32).reshape(2, 16)
    rows, sums, table = np.zeros(140, np.int32), np.zeros(71, np.int32), np.zeros((140, 16), np.int32)
    nsameta.fill("draft_extend", same, extend_seq_lens=queries, req_pool_indices=slots, req_to_token=tokens,
                 seqlens_expanded=rows, cu_seqlens_k=sums, page_table_1=table)
    assert rows.tolist() == [8, 9] * 70 and sums.tolist() == [*range(0, 631, 9)]
    assert (table[:, :9] == tokens[1, :9]).all()


def test_overlap_changes_no_result():
    out = np.zeros(3, np.int32)
    nsameta.fill("decode", LENGTHS, cache_seqlens=out, overlap=False)
    assert out.tolist() == LENGTHS.tolist()


def test_empty_batch_writes_the_zero_of_sums():
    sums, total = np.full(1, -1, np.int32), np.full((), -1, np.int32)
    nsameta.fill("draft_extend", np.zeros(0, np.int32), extend_seq_lens=np.zeros(0, np.int32), cu_seqlens_k=sums,
                 seqlens_expanded=np.zeros(0, np.int32), total_rows=total)
    assert sums[0] == 0 and total == 0


def test_the_largest_row_limit_is_none():
    sums = np.full(4, -1, np.int32)
    nsameta.fill("decode", LENGTHS, nsa_cu_seqlens_q=sums, row_limit=2**63 - 1)
    assert sums.tolist() == [0, 1, 2, 3]


class _buffer(ctypes.Structure):
    _fields_ = [("buf", ctypes.c_void_p), ("obj", ctypes.c_void_p), ("len", ctypes.c_ssize_t),
                ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int), ("ndim", ctypes.c_int),
                ("format", ctypes.c_void_p), ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
                ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p)]


@pytest.mark.parametrize("text", [b"", b"<", b"i", b"@i"])
def test_formats_end_where_they_end(text):
    memory, shape, strides = (ctypes.c_int * 2)(3, 4), (ctypes.c_ssize_t * 1)(2), (ctypes.c_ssize_t * 1)(4)
    code = ctypes.create_string_buffer(text + b"\0\0")  # what was read past the end looked like an end
    at = ctypes.addressof
    view = ctypes.pythonapi.PyMemoryView_FromBuffer
    view.restype, view.argtypes = ctypes.py_object, [ctypes.POINTER(_buffer)]
    lengths = view(_buffer(at(memory), None, 8, 4, 0, 1, at(code), at(shape), at(strides), None, None))
    out = np.zeros(2, np.int32)
    if text.endswith(b"i"):
        nsameta.fill("decode", lengths, cache_seqlens=out)
        assert out.tolist() == [3, 4]
    else:
        with pytest.raises(TypeError, match="seq_lens is of buffer format .*, neither int32 nor int64"):
            nsameta.fill("decode", lengths, cache_seqlens=out)


def read_only():
    made = np.zeros(3, np.int32)
    made.flags.writeable = False
    return made


def lengths_of(dtype):
    return lambda: nsameta.fill("decode", np.zeros(3, dtype))


class shows:
    """An array by DLPack alone, that shows what it is given."""

    def __init__(self, capsule, device=(1, 0)):
        self.capsule, self.device = capsule, device

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **asked):
        return self.capsule


def many(*sets, **given):
    return lambda: nsameta.fill_many("decode", LENGTHS, [*sets], **given)


@pytest.mark.parametrize("error, text, call", [
    (ValueError, "mode is 'prefill', none of decode, target_verify, draft_extend, extend",
     lambda: nsameta.fill("prefill", LENGTHS)),
    (ValueError, r"mode is '\\udcff', none of decode", lambda: nsameta.fill("\udcff", LENGTHS)),
    (ValueError, "mode is 'extnd', .*; did you mean extend[?]", lambda: nsameta.fill("extnd", LENGTHS)),
    (ValueError, "mode is 'Target-Verify', .*; did you mean target_verify[?]",
     lambda: nsameta.fill("Target-Verify", LENGTHS)),
    (ValueError, "table_tail is 'values', none of keep, zero, value; did you mean value[?]",
     lambda: nsameta.fill("decode", LENGTHS, table_tail="values")),
    (TypeError, "mode is missing", lambda: nsameta.fill(seq_lens=LENGTHS)),
    (TypeError, "mode is given twice", lambda: nsameta.fill(None, LENGTHS, mode="decode")),
    (ValueError, "overlap is 2, neither True nor False", lambda: nsameta.fill("decode", LENGTHS, overlap=2)),
    (TypeError, "seq_lens is missing", lambda: nsameta.fill("decode")),
    (TypeError, "seq_lens is given twice", lambda: nsameta.fill("decode", LENGTHS, seq_lens=LENGTHS)),
    (TypeError, "3 positional arguments", lambda: nsameta.fill("decode", LENGTHS, LENGTHS)),
    (TypeError, "no argument is called 'cache_seqlen'; did you mean cache_seqlens[?]",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlen=LENGTHS)),
    (TypeError, r"no argument is called '\\udcff'", lambda: nsameta.fill("decode", LENGTHS, **{"\udcff": LENGTHS})),
    (TypeError, "seq_lens is of type list, which shows no array", lambda: nsameta.fill("decode", [1, 2])),
    (TypeError, "seq_lens is the class ndarray, not an array", lambda: nsameta.fill("decode", np.ndarray)),
    (TypeError, "seq_lens is int32 in big-endian byte order, neither int32 nor int64 in this machine's$",
     lengths_of(">i4")),
    (TypeError, "seq_lens is object, neither int32 nor int64$", lengths_of(object)),
    (TypeError, "seq_lens is str, neither int32 nor int64$", lengths_of("U3")),
    (TypeError, "seq_lens is bytes, neither int32 nor int64$", lengths_of("S3")),
    (TypeError, "seq_lens is bool, neither int32 nor int64$", lengths_of(bool)),
    (TypeError, "is_padding is uint8, not bool$",
     lambda: nsameta.fill("decode", LENGTHS, is_padding=np.zeros(3, np.uint8))),
    (TypeError, "is_padding is int32, not bool$",
     lambda: nsameta.fill("decode", LENGTHS, is_padding=np.zeros(3, np.int32))),
    (TypeError, "tail_slot_mapping is bool, not int64$",
     lambda: nsameta.fill("decode", LENGTHS, tail_slot_mapping=np.zeros(3, bool))),
    (ValueError, "seq_pad is 2, neither 0 nor 1", lambda: nsameta.fill("decode", LENGTHS, seq_pad=2)),
    (TypeError, "seq_lens is complex128, neither int32 nor int64$", lengths_of(complex)),
    (TypeError, "seq_lens is a structure, neither int32 nor int64$", lengths_of("i4, i4")),
    (TypeError, r"seq_lens is datetime64\[D\], neither int32 nor int64$", lengths_of("M8[D]")),
    (TypeError, "cache_seqlens is float32, not int32$",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlens=np.zeros(3, np.float32))),
    (ValueError, "seq_lens is a masked array, whose mask would be ignored",
     lambda: nsameta.fill("decode", np.ma.array(LENGTHS, mask=[1, 0, 0]))),
    (TypeError, "seq_lens is float64, neither int32 nor int64",
     lambda: nsameta.fill("decode", LENGTHS.astype(float))),
    (TypeError, "seq_lens is uint32", lambda: nsameta.fill("decode", LENGTHS.astype(np.uint32))),
    (ValueError, "seq_lens has 2 dimensions, not 1", lambda: nsameta.fill("decode", LENGTHS.reshape(3, 1))),
    (ValueError, "seq_lens has 3 dimensions, more than 2", lambda: nsameta.fill("decode", LENGTHS.reshape(3, 1, 1))),
    (ValueError, "seq_lens has a stride of -1, negative: a copy that runs forward is wanted",
     lambda: nsameta.fill("decode", LENGTHS[::-1])),
    (ValueError, "req_to_token has a stride of -3, negative",
     lambda: nsameta.fill("decode", LENGTHS, req_to_token=np.zeros((3, 3), np.int32)[::-1])),
    (ValueError, "page_table_1 has rows 2 elements apart, less than their 3 columns",
     lambda: nsameta.fill("decode", LENGTHS, page_table_1=np.lib.stride_tricks.as_strided(
         np.zeros(9, np.int32), (3, 3), (8, 4)))),
    (ValueError, "seq_lens is not aligned to its elements of 4 bytes: it begins 1 past",
     lambda: nsameta.fill("decode", np.zeros(13, np.int8)[1:].view(np.int32))),
    (ValueError, "seq_lens has 3 elements, but the batch has 4", lambda: nsameta.fill("decode", LENGTHS, batch_size=4)),
    (ValueError, "extend_seq_lens has 2 elements, but the batch has 3",
     lambda: nsameta.fill("extend", LENGTHS, extend_seq_lens=LENGTHS[:2].copy())),
    (ValueError, "cache_seqlens.capacity is 2, less than the 3 that batch_size 3 needs",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlens=np.zeros(2, np.int32))),
    (ValueError, "cache_seqlens has elements 2 apart",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlens=np.zeros(6, np.int32)[::2])),
    (TypeError, "cache_seqlens is int64, not int32$",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlens=np.zeros(3, np.int64))),
    (ValueError, "cache_seqlens is read-only, and a fill writes to it",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlens=read_only())),
    (ValueError, "cache_seqlens is read-only, and a fill writes to it",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlens=memoryview(bytes(12)).cast("i"))),
    (ValueError, "extend_seq_lens is given, but mode decode takes none$",
     lambda: nsameta.fill("decode", LENGTHS, extend_seq_lens=LENGTHS)),
    (ValueError, "extend_seq_lens is absent and uniform_extend_len is 0: mode extend needs one of both",
     lambda: nsameta.fill("extend", LENGTHS)),
    (ValueError, "req_pool_indices is absent, but page_table_1 is asked for",
     lambda: nsameta.fill("decode", LENGTHS, page_table_1=np.zeros((3, 3), np.int32))),
    (ValueError, "indexer_ks is asked for, but kv_shard.size is 2: it goes with an unsharded KV cache only",
     lambda: nsameta.fill("decode", LENGTHS, kv_shard=(2, 0, 1), indexer_ks=np.zeros(3, np.int32))),
    (ValueError, "context_limit is -1, outside", lambda: nsameta.fill("decode", LENGTHS, context_limit=-1)),
    (TypeError, "live_requests is of type int, which shows no array",
     lambda: nsameta.fill("decode", LENGTHS, live_requests=2)),
    (TypeError, "live_requests is int64, not int32",
     lambda: nsameta.fill("decode", LENGTHS, live_requests=np.zeros(1, np.int64))),
    (ValueError, "live_requests has 3 elements, not 1",
     lambda: nsameta.fill("decode", LENGTHS, live_requests=np.zeros(3, np.int32))),
    (ValueError, "live_requests has 2 dimensions, not 1",
     lambda: nsameta.fill("decode", LENGTHS, live_requests=np.zeros((1, 1), np.int32))),
    (ValueError, "cache_seqlens overlaps seq_lens at its byte 0$",
     lambda: nsameta.fill("decode", LENGTHS, cache_seqlens=LENGTHS)),
    (ValueError, "page_table_1 has 1 dimension, not 2",
     lambda: nsameta.fill("decode", LENGTHS, page_table_1=np.zeros(3, np.int32))),
    (ValueError, "page_table_1 has columns 3 elements apart",
     lambda: nsameta.fill("decode", LENGTHS, page_table_1=np.zeros((3, 3), np.int32).T)),
    (TypeError, "req_to_token is int64, not int32",
     lambda: nsameta.fill("decode", LENGTHS, req_to_token=np.zeros((3, 3), np.int64))),
    (ValueError, "index_topk is 0, less than 1", lambda: nsameta.fill("decode", LENGTHS, index_topk=0)),
    (ValueError, "index_topk is 4294967296, more than 32 bits",
     lambda: nsameta.fill("decode", LENGTHS, index_topk=2**32)),
    (TypeError, "page_size is '64', not an integer", lambda: nsameta.fill("decode", LENGTHS, page_size="64")),
    (TypeError, "page_size is True, not an integer", lambda: nsameta.fill("decode", LENGTHS, page_size=True)),
    (TypeError, "q_shard is False, not an integer",
     lambda: nsameta.fill("decode", LENGTHS, q_shard=(2, False))),
    (TypeError, "requests is True, not an integer", lambda: nsameta.get_kernel_info(True, device="cpu")),
    (TypeError, "page_size is of type ndarray, not an integer",
     lambda: nsameta.fill("decode", LENGTHS, page_size=np.zeros((9, 9)))),
    (ValueError, "page_size is 65537, outside", lambda: nsameta.fill("decode", LENGTHS, page_size=65537)),
    (ValueError, "q_shard_kind is 'zig zag', none of round_robin, contiguous, zigzag; did you mean zigzag[?]",
     lambda: nsameta.fill("decode", LENGTHS, q_shard=(2, 0), q_shard_kind="zig zag")),
    (ValueError, "q_shard_kind is 2, none of round_robin, contiguous, zigzag",
     lambda: nsameta.fill("decode", LENGTHS, q_shard_kind=2)),
    (ValueError, "kv_shard.interleave is 6, no multiple of index_kpool, which is 4",
     lambda: nsameta.fill("decode", LENGTHS, index_kpool=4, kv_shard=(2, 0, 6))),
    (ValueError, "page_size is 0, outside",
     lambda: nsameta.fill("decode", LENGTHS, page_size=0, column_limit=3)),
    (ValueError, "kv_shard.size is 0, less than 1",
     lambda: nsameta.fill("decode", LENGTHS, kv_shard=(0, 0, 1), column_limit=3)),
    (ValueError, "kv_shard.interleave is 0, less than 1",
     lambda: nsameta.fill("decode", LENGTHS, kv_shard=(2, 0, 0), column_limit=3)),
    (TypeError, r"kv_shard is \(2, 0\), not a sequence of 3 integers",
     lambda: nsameta.fill("decode", LENGTHS, kv_shard=(2, 0))),
    (ValueError, "row_limit is -1, negative", lambda: nsameta.fill("decode", LENGTHS, row_limit=-1)),
    (ValueError, "stream is -1, negative", lambda: nsameta.fill("decode", LENGTHS, stream=-1)),
    (ValueError, "stream is 5, but the arrays are on the CPU, which has no streams",
     lambda: nsameta.fill("decode", LENGTHS, stream=5)),
    (TypeError, "stream is True, not an integer", lambda: nsameta.fill("decode", LENGTHS, stream=True)),
    (TypeError, "stream is 'side', neither a number nor a stream",
     lambda: nsameta.fill("decode", LENGTHS, stream="side")),
    (TypeError, "outputs is missing", lambda: nsameta.fill_many("decode", LENGTHS)),
    (TypeError, r"outputs is \{\}, not a list or tuple of dicts", lambda: nsameta.fill_many("decode", LENGTHS, {})),
    (TypeError, r"outputs\[1\] is 7, not a dict", many({}, 7)),
    (TypeError, "cache_seqlens is each set's, in outputs", many({}, cache_seqlens=LENGTHS)),
    (TypeError, r"outputs\[0\]: page_size is the call's, not a set's", many({"page_size": 1})),
    (TypeError, r"outputs\[1\]: no argument is called 'cache_seqlen'; did you mean cache_seqlens[?]",
     many({}, {"cache_seqlen": LENGTHS})),
    (TypeError, r"outputs\[1\].cache_seqlens is float64, not int32", many({}, {"cache_seqlens": np.zeros(3)})),
    (ValueError, r"outputs\[1\]: cache_seqlens.capacity is 2, less than",
     many({}, {"cache_seqlens": np.zeros(2, np.int32)})),
    (TypeError, "device is 5, not a str", lambda: nsameta.warmup(5)),
    (TypeError, "text is None, not a str", lambda: nsameta.set_override(None)),
    (ValueError, "requests is 0, less than 1", lambda: nsameta.get_kernel_info(0, device="cpu")),
    (ValueError, "table_tail is 'none', none of keep, zero, value",
     lambda: nsameta.fill("decode", LENGTHS, table_tail="none")),
    (ValueError, "device is 'gpu', none of auto, cpu, cuda, hip, simt", lambda: nsameta.warmup("gpu")),
    (ValueError, "device is 'cuda:-1'", lambda: nsameta.warmup("cuda:-1")),
    (ValueError, "device is 'cpu:3', but cpu has 1 device$", lambda: nsameta.warmup("cpu:3")),
    (ValueError, "device is 'cpu:1', but cpu has 1 device$", lambda: nsameta.get_kernel_info(device="cpu:1")),
    (ValueError, "device is 'auto:1', but auto takes no index$", lambda: nsameta.warmup("auto:1")),
    (ValueError, "mode is of type object, none of decode", lambda: nsameta.fill(object(), LENGTHS)),
    (TypeError, "page_size is of type object, not an integer",
     lambda: nsameta.fill("decode", LENGTHS, page_size=object())),
    (TypeError, "stream is of type object, neither a number", lambda: nsameta.fill("decode", LENGTHS, stream=object())),
    (TypeError, "page_size is of type function, not an integer",
     lambda: nsameta.fill("decode", LENGTHS, page_size=lambda: 64)),
    (TypeError, r"outputs\[0\]: a name is of type object, not a str$", many({object(): LENGTHS})),
    (ValueError, "what seq_lens gives through DLPack is of type object, no tensor that",
     lambda: nsameta.fill("decode", shows(object()))),
    (ValueError, "its device is of type object, not two integers",
     lambda: nsameta.fill("decode", shows(None, object()))),
])
def test_refused(error, text, call):
    with pytest.raises(error, match=text):
        call()


def test_a_refusal_writes_nothing():
    out = np.full(3, -1, np.int32)
    with pytest.raises(nsameta.InvalidArgument) as refused:
        nsameta.fill("decode", LENGTHS, index_topk=0, cache_seqlens=out)
    assert refused.value.status == "invalid_argument" and isinstance(refused.value, nsameta.Error)
    assert (out == -1).all()


def test_an_unusable_backend_says_why():
    absent = [each for each in nsameta.backends() if each["state"] != "ready" and each["name"] in ("cuda", "hip")]
    for each in absent:
        with pytest.raises(nsameta.Error) as refused:
            nsameta.warmup(each["name"])
        assert refused.value.status == "backend_unavailable" and each["reason"] in str(refused.value)


def test_explain_and_kernel_info_give_reasons():
    decision = nsameta.explain("decode", LENGTHS, cache_seqlens=np.zeros(3, np.int32))
    assert decision["error"] is None and f"{decision['backend']}/{decision['variant']}" == "cpu/auto"
    assert "one thread" in decision["rule"] and decision["kernel"] == ""
    assert {"cuda", "hip"} <= {each["candidate"].split("/")[0] for each in decision["rejections"]}
    assert all(each["why"] for each in decision["rejections"])
    info = nsameta.get_kernel_info(requests=3, device="cpu")
    assert info["kernel"] == "cpu/auto" and "not cuda" in info["why"]
    assert "oneTBB" in nsameta.get_kernel_info(1_000_000, 8, "cpu")["why"]
    assert [each["name"] for each in info["backends"]] == ["reference", "cpu", "simt", "cuda", "hip"]
