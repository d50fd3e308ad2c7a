"""What a fill has to write, from its definition alone, in Python integers: slow, and of another mind than the code."""
import dataclasses

import numpy as np

NEGATIVE_LENGTH, QUERY_LONGER_THAN_KV, CAPACITY_EXCEEDED, CONTEXT_EXCEEDED, BAD_SLOT = 1, 2, 4, 8, 16


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
    q_shard_kind: str = "round_robin"
    context_limit: int = 0
    live_requests: int | None = None
    block_table: np.ndarray | None = None
    block_size: int = 64
    pad_slot: int = -1
    seq_pad: int = 0
    vector_tail: str = "keep"
    table_tail: str = "keep"
    table_tail_value: int = 0


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


def piece(whole, pieces, which):
    """Of a list that is cut, the first ones longer by one."""
    return [whole[i] for i in np.array_split(np.arange(len(whole)), pieces)[which]]


def dealt(problem, tokens):
    """This rank's of a batch's (request, what it sees), in the order of its rows."""
    size, rank = problem.q_shard
    if problem.q_shard_kind == "round_robin":
        return tokens[rank::size]
    if problem.q_shard_kind == "contiguous":
        return piece(tokens, size, rank)
    requests = [[token for token in tokens if token[0] == r] for r in range(len(problem.seq_lens))]
    return [token for block in (rank, 2 * size - 1 - rank) for own in requests for token in piece(own, 2 * size, block)]


@dataclasses.dataclass
class Request:
    length: int  # of its cache, drafts not counted
    tokens: int
    rows: int  # that the tokens are in, or padded to
    live: bool

    def cached(self, mode):
        return self.length + self.tokens if self.live and mode == "target_verify" else self.length

    def seen(self, mode, row):
        """By its first token, and one more by each after it."""
        first = self.length + 1 - (0 if mode == "target_verify" else self.tokens)
        return max(0, first + row) if self.live else 0


def requests_of(problem):
    count = len(problem.seq_lens)
    tokens = problem.extend_seq_lens or [1 if problem.mode == "decode" else problem.uniform_extend_len] * count
    live = count if problem.live_requests is None else problem.live_requests
    return [Request(max(0, s) if r < live else problem.seq_pad, max(0, q), problem.uniform_extend_len or max(0, q),
                    r < live)
            for r, (s, q) in enumerate(zip(problem.seq_lens, tokens))]


def block_slot(problem, request, position):
    """The rank's own position among those of the block, and None where it has none."""
    size, rank, interleave = problem.kv_shard
    block, place = divmod(position, problem.block_size * size)
    if block >= problem.block_table.shape[1] or place // interleave % size != rank:
        return None
    own = sum(p // interleave % size == rank for p in range(place))
    return int(problem.block_table[request, block]) * problem.block_size + own


def token_slot(problem, request, position):
    slots, width = problem.req_to_token.shape
    slot = problem.req_pool_indices[request]
    return int(problem.req_to_token[slot, position]) if 0 <= slot < slots and position < width else None


def tail_slot(problem, request, position):
    """In the first block, round and round; None where there is none."""
    if problem.block_table.shape[1] == 0:
        return None
    return int(problem.block_table[request, 0]) * problem.index_kpool + position % problem.index_kpool


def sums(values):
    return [0, *np.cumsum(values, dtype=np.int64).tolist()]


def answer(problem):
    """Every output's live elements, page tables as rows cut to their live columns, and the bits of `status`."""
    requests = requests_of(problem)
    wanted = [[request.seen(problem.mode, j) for j in range(request.rows)] for request in requests]
    limit = problem.context_limit or max([0, *(s for seen in wanted for s in seen), *problem.seq_lens]) + 10
    cached = [min(limit, request.cached(problem.mode)) for request in requests]
    tokens = [(r, min(limit, s), 0 < s <= limit) for r, seen in enumerate(wanted) for s in seen]

    kept = list(range(len(requests)))
    if 1 < problem.q_shard[0] <= len(tokens):
        tokens = dealt(problem, tokens)
        kept = sorted({r for r, _, _ in tokens})
    place = {r: i for i, r in enumerate(kept)}

    expanded = [local(problem, seen) for _, seen, _ in tokens]
    clamped = [clamp(problem, seen) for seen in expanded]
    cache_seqlens = [local(problem, cached[r]) for r in kept]
    counts = [sum(r == request for request, _, _ in tokens) for r in kept]
    answers = {
        "cache_seqlens": cache_seqlens,
        "cu_seqlens_k": sums(cache_seqlens),
        "cu_seqlens_q": sums(counts),
        "seqlens_expanded": expanded,
        "nsa_cache_seqlens": clamped,
        "nsa_cu_seqlens_k": sums(clamped),
        "nsa_cu_seqlens_q": list(range(len(tokens) + 1)),
        "token_to_batch": [place[r] for r, _, _ in tokens],
        "total_rows": [len(tokens)],
        "local_cache_seqlens": cache_seqlens,
        "positions": [max(0, seen - 1) for _, seen, _ in tokens],
        "is_padding": [not requests[r].live for r, _, _ in tokens],
    }
    if problem.q_shard[0] == 1 or problem.q_shard_kind != "zigzag":
        answers["last_token_index"] = [end - 1 if count else -1 for end, count in zip(sums(counts)[1:], counts)]
    bits = 0
    for name, table, slot_of in (("slot_mapping", problem.block_table, block_slot),
                                 ("out_cache_loc", problem.req_to_token, token_slot),
                                 ("tail_slot_mapping", problem.block_table, tail_slot)):
        if table is not None:
            slots = [slot_of(problem, r, seen - 1) if writes else None for r, seen, writes in tokens]
            answers[name] = [problem.pad_slot if slot is None else slot for slot in slots]
            reach = table.shape[1] * (problem.block_size * problem.kv_shard[0] if name == "slot_mapping" else 1)
            if name == "tail_slot_mapping":
                reach = float("inf") if table.shape[1] else 0
            bits |= CONTEXT_EXCEEDED * any(seen > reach for _, seen, _ in tokens)
    if problem.kv_shard[0] == 1:
        before = dict(zip(kept, sums(cache_seqlens)))
        answers["indexer_ks"] = [before[r] for r, _, _ in tokens]
        answers["indexer_ke"] = [before[r] + seen for r, seen, _ in tokens]

    bits |= NEGATIVE_LENGTH * any(s < 0 for s in problem.extend_seq_lens or [])
    bits |= NEGATIVE_LENGTH * any(s < 0 and request.live for s, request in zip(problem.seq_lens, requests))
    bits |= CAPACITY_EXCEEDED * any(request.tokens > request.rows for request in requests)
    bits |= CONTEXT_EXCEEDED * any(s > limit for s in sum(wanted, [r.cached(problem.mode) for r in requests]))
    if problem.mode == "extend":
        bits |= QUERY_LONGER_THAN_KV * any(request.live and request.tokens > request.length for request in requests)
    if problem.req_to_token is not None:
        slots, width = problem.req_to_token.shape
        shown = kept if problem.mode in ("decode", "extend") else [r for r, _, _ in tokens]
        table = [None if not (requests[r].live and 0 <= problem.req_pool_indices[r] < slots)  # None: all is tail
                 else problem.req_to_token[problem.req_pool_indices[r], :min(cached[r], width)] for r in shown]
        answers["page_table_1"] = table
        answers["real_page_table"] = [row if row is None else row[::problem.page_size] // problem.page_size
                                      for row in table]
        size, rank, interleave = problem.kv_shard
        answers["local_page_table_1"] = [
            row if row is None else row[np.arange(len(row)) // interleave % size == rank] // size for row in table]
        bits |= CONTEXT_EXCEEDED * any(requests[r].live and cached[r] > width for r in shown)
        bits |= BAD_SLOT * any(requests[r].live and row is None for r, row in zip(shown, table))
    answers["status"] = [bits]
    return answers
