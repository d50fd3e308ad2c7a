"""What a fill has to write, from its definition alone, in Python integers: slow, and of another mind than the code."""
import dataclasses

import numpy as np

NEGATIVE_LENGTH, QUERY_LONGER_THAN_KV, CONTEXT_EXCEEDED, BAD_SLOT = 1, 2, 8, 16


@dataclasses.dataclass
class Problem:
    mode: str
    seq_lens: list
    extend_seq_lens: list | None = None
    uniform_extend_len: int = 0
    req_pool_indices: list | None = None
    req_to_token: np.ndarray | None = None
    page_size: int = 64
    index_topk: int = 2048
    index_kpool: int = 1
    kv_shard: tuple = (1, 0, 1)
    q_shard: tuple = (1, 0)


def clamp(problem, seen):
    """As many of the positions seen as top-k keeps; pools are taken whole, the begun one on top."""
    if problem.index_kpool == 1:
        return min(seen, problem.index_topk)
    whole = seen // problem.index_kpool * problem.index_kpool
    return min(whole, problem.index_topk) + (seen - whole)


def local(problem, positions):
    """How many of the first positions this rank holds, counted one by one."""
    size, rank, interleave = problem.kv_shard
    return sum(p // interleave % size == rank for p in range(positions))


def queries(problem):
    if problem.mode == "decode":
        return [1] * len(problem.seq_lens)
    if problem.extend_seq_lens is not None:
        return [max(0, q) for q in problem.extend_seq_lens]
    return [problem.uniform_extend_len] * len(problem.seq_lens)


def sums(values):
    return [0, *np.cumsum(values, dtype=np.int64).tolist()]


def answer(problem):
    """Every output's live elements, page tables as rows cut to their live columns, and the bits of `status`."""
    seq_lens = [max(0, s) for s in problem.seq_lens]
    asked = queries(problem)
    verify = problem.mode == "target_verify"
    cached = [s + q if verify else s for s, q in zip(seq_lens, asked)]
    tokens = [(r, max(0, (s if verify else s - q) + 1 + j if problem.mode != "decode" else s))
              for r, (s, q) in enumerate(zip(seq_lens, asked)) for j in range(q)]

    kept = list(range(len(seq_lens)))
    size, rank = problem.q_shard
    if size > 1 and len(tokens) >= size:
        tokens = tokens[rank::size]
        kept = sorted({r for r, _ in tokens})
    place = {r: i for i, r in enumerate(kept)}

    expanded = [local(problem, seen) for _, seen in tokens]
    clamped = [clamp(problem, seen) for seen in expanded]
    cache_seqlens = [local(problem, cached[r]) for r in kept]
    counts = [sum(r == request for request, _ in tokens) for r in kept]
    answers = {
        "cache_seqlens": cache_seqlens,
        "cu_seqlens_k": sums(cache_seqlens),
        "cu_seqlens_q": sums(counts),
        "seqlens_expanded": expanded,
        "nsa_cache_seqlens": clamped,
        "nsa_cu_seqlens_k": sums(clamped),
        "nsa_cu_seqlens_q": list(range(len(tokens) + 1)),
        "token_to_batch": [place[r] for r, _ in tokens],
        "total_rows": [len(tokens)],
    }
    if problem.mode == "extend" and problem.kv_shard[0] == 1:
        before = dict(zip(kept, sums([seq_lens[r] for r in kept])))
        answers["indexer_ks"] = [before[r] for r, _ in tokens]
        answers["indexer_ke"] = [before[r] + seen for r, seen in tokens]

    bits = NEGATIVE_LENGTH * any(s < 0 for s in [*problem.seq_lens, *(problem.extend_seq_lens or [])])
    if problem.mode == "extend":
        bits |= QUERY_LONGER_THAN_KV * any(q > s for s, q in zip(seq_lens, asked))
    if problem.req_to_token is not None:
        slots, width = problem.req_to_token.shape
        shown = kept if problem.mode in ("decode", "extend") else [r for r, _ in tokens]
        table = [None if not 0 <= problem.req_pool_indices[r] < slots  # None: the row is left alone
                 else problem.req_to_token[problem.req_pool_indices[r], :min(cached[r], width)] for r in shown]
        answers["page_table_1"] = table
        answers["real_page_table"] = [row if row is None else row[::problem.page_size] // problem.page_size
                                      for row in table]
        bits |= CONTEXT_EXCEEDED * any(cached[r] > width for r in shown)
        bits |= BAD_SLOT * any(row is None for row in table)
    answers["status"] = [bits]
    return answers
