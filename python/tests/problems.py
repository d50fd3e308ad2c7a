"""Problems for hypothesis."""
import numpy as np
from hypothesis import strategies as st

from nsameta._ext import MODES
from reference import Problem


@st.composite
def problems(draw):
    mode = draw(st.sampled_from(list(MODES)))
    uniform, ragged, both = MODES[mode]
    requests = draw(st.integers(0, 40))

    def lengths(low, high):
        return draw(st.lists(st.integers(low, high), min_size=requests, max_size=requests))
    made = Problem(mode, lengths(-2, draw(st.sampled_from([6, 90, 700]))))
    queries = draw(st.sampled_from(["uniform"] * uniform + ["ragged"] * ragged + ["both"] * both or ["one"]))
    if queries in ("uniform", "both"):
        made.uniform_extend_len = draw(st.integers(1, 9))
    if queries in ("ragged", "both"):
        made.extend_seq_lens = lengths(-1, 9)
    made.page_size = draw(st.sampled_from([1, 2, 3, 64, 256, 640, 65536]))
    made.index_topk = draw(st.integers(1, 100))
    made.index_kpool = draw(st.sampled_from([1, 1, 4, 7]))
    if draw(st.booleans()):
        slots, width = draw(st.integers(1, 50)), draw(st.integers(0, 130))
        made.req_pool_indices = lengths(-1, slots)
        made.req_to_token = np.random.default_rng(draw(st.integers(0, 9))).integers(
            -5, 100_000, (slots, width), dtype=np.int32)
    if draw(st.integers(0, 3)) == 0:
        size = draw(st.integers(2, 4))
        pools = draw(st.sampled_from([1, 3, 16]))  # none lies on two ranks
        made.kv_shard = (size, draw(st.integers(0, size - 1)), pools * made.index_kpool)
    if draw(st.integers(0, 3)) == 0:
        size = draw(st.integers(2, 4))
        made.q_shard = (size, draw(st.integers(0, size - 1)))
        made.q_shard_kind = draw(st.sampled_from(["round_robin", "contiguous", "zigzag"]))
    if draw(st.integers(0, 2)) == 0:
        made.context_limit = draw(st.integers(1, 100))
    if draw(st.integers(0, 2)) == 0:
        made.live_requests = draw(st.integers(-1, requests + 1))
    made.seq_pad = draw(st.integers(0, 1))
    if draw(st.booleans()):
        rows, width = requests + draw(st.integers(0, 2)), draw(st.integers(0, 20))
        made.block_table = np.random.default_rng(draw(st.integers(0, 9))).integers(
            -1, 10**9, (rows, width), dtype=np.int32)
    made.block_size = draw(st.sampled_from([1, 3, 16, 64, 500])) * (made.kv_shard[2] if made.kv_shard[0] > 1 else 1)
    made.pad_slot = draw(st.sampled_from([-1, 0, 7]))
    made.vector_tail = draw(st.sampled_from(["keep", "zero"]))
    made.table_tail = draw(st.sampled_from(["keep", "zero", "value"]))
    made.table_tail_value = draw(st.integers(-9, 9))
    return made
