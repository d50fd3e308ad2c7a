"""Designs in Triton: a linear search a row, the fused kernel of an engine's step, and a kernel that does nothing."""
import triton
import triton.language as tl


@triton.jit
def _linear_kernel(seq_lens, extend_seq_lens, expanded, clamped, requests, total, topk, BLOCK: tl.constexpr):
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    length = tl.zeros((BLOCK,), tl.int32)
    begin = 0
    for r in range(requests):
        s = tl.load(seq_lens + r)
        q = tl.load(extend_seq_lens + r)
        length = tl.where((row >= begin) & (row < begin + q), s - q + 1 + row - begin, length)
        begin += q
    length = tl.maximum(length, 0)
    tl.store(expanded + row, length, row < total)
    tl.store(clamped + row, tl.minimum(length, topk), row < total)


def linear(seq_lens, extend_seq_lens, topk, expanded, clamped):
    """Reads the total back to size the grid; each row walks the requests."""
    total = int(extend_seq_lens.sum().item())
    _linear_kernel[(triton.cdiv(total, 256),)](seq_lens, extend_seq_lens, expanded, clamped, len(seq_lens), total, topk,
                                               BLOCK=256)


@triton.jit
def _empty_kernel():
    pass


def empty():
    """One warp that does nothing: what a launch or a node costs at least."""
    _empty_kernel[(1,)](num_warps=1)


@triton.jit
def _store_with_sums(values, vector, sums, place, count):
    """`values` (0 from `count` on) and, before each of them and after the last, the sum of those before."""
    tl.store(vector + place, values, place < count)
    tl.store(sums, tl.zeros((), tl.int32))
    tl.store(sums + 1 + place, tl.cumsum(values, 0), place < count)


@triton.jit
def _rows_of(row, extend_seq_lens, requests, QUERIES: tl.constexpr, DRAFTS: tl.constexpr):
    """For a block of rows: each one's request, its place in the request, and the request's query tokens."""
    if QUERIES == "ragged":
        request, place, queries = tl.zeros_like(row), tl.zeros_like(row), tl.zeros_like(row)
        begin = 0
        for r in tl.range(0, requests):
            q = tl.load(extend_seq_lens + r).to(tl.int32)
            here = (row >= begin) & (row < begin + q)
            request = tl.where(here, r, request)
            place = tl.where(here, row - begin, place)
            queries = tl.where(here, q, queries)
            begin += q
    else:
        each = tl.load(extend_seq_lens).to(tl.int32) if QUERIES == "uniform" else DRAFTS
        request = row // each
        place = row - request * each
        queries = tl.zeros_like(row) + each
    return request, place, queries


@triton.jit(do_not_specialize=["total", "width", "splits", "table_stride", "real_stride"])
def _step_kernel(seq_lens, extend_seq_lens, slots, req_to_token, cache_seqlens, cu_seqlens_k, seqlens_expanded,
                 nsa_cache_seqlens, nsa_cu_seqlens_k, page_table_1, real_page_table, total, width, splits, table_stride,
                 real_stride, token_stride: tl.constexpr, requests: tl.constexpr, topk: tl.constexpr,
                 DRAFTS: tl.constexpr, QUERIES: tl.constexpr, PAGE: tl.constexpr, WIDE: tl.constexpr,
                 REAL: tl.constexpr, REQUESTS: tl.constexpr, ROWS: tl.constexpr, ROWS_EACH: tl.constexpr,
                 BLOCK: tl.constexpr):
    program = tl.program_id(0)
    if program == 0:  # all vectors
        r = tl.arange(0, REQUESTS)
        lengths = tl.load(seq_lens + r, r < requests, 0).to(tl.int32)
        lengths = tl.where(r < requests, lengths + DRAFTS, 0)
        _store_with_sums(lengths, cache_seqlens, cu_seqlens_k, r, requests)
        row = tl.arange(0, ROWS)
        if QUERIES == "one" and DRAFTS == 0:
            visible = lengths
        else:
            request, place, queries = _rows_of(row, extend_seq_lens, requests, QUERIES, DRAFTS)
            visible = tl.load(seq_lens + request, row < total, 0).to(tl.int32) + place + 1
            if QUERIES != "one":
                visible = tl.maximum(visible - queries, 0)
            visible = tl.where(row < total, visible, 0)
        tl.store(seqlens_expanded + row, visible, row < total)
        _store_with_sums(tl.minimum(visible, topk), nsa_cache_seqlens, nsa_cu_seqlens_k, row, total)
        return

    # Drafts to verify: a row a program, whose request has DRAFTS rows. Else all rows of a request.
    unit, split = (program - 1) // splits, (program - 1) % splits
    request = unit // DRAFTS if DRAFTS > 0 else unit
    live = tl.load(seq_lens + request).to(tl.int32) + DRAFTS
    blocks = tl.minimum(tl.cdiv(live, BLOCK), tl.cdiv(width, BLOCK))
    if split >= blocks:
        return
    first, count = unit, 1
    if QUERIES == "uniform":
        count = tl.load(extend_seq_lens).to(tl.int32)
        first = request * count
    elif QUERIES == "ragged":
        count = tl.load(extend_seq_lens + request).to(tl.int32)
        first = 0
        for r in tl.range(0, requests):
            q = tl.load(extend_seq_lens + r).to(tl.int32)
            first += tl.where(r < request, q, 0)
    place = tl.arange(0, ROWS_EACH)
    row = (first + place).to(tl.int64)[:, None]
    writes = ((place < count) & (first + place < total))[:, None]
    source = req_to_token + tl.load(slots + request).to(tl.int64) * token_stride
    for block in tl.range(split, blocks, splits, num_stages=3):
        column = block * BLOCK + tl.arange(0, BLOCK)
        tokens = tl.load(source + column, column < width, 0)
        inside = writes & (column < width)[None, :]
        if WIDE:
            tl.store(page_table_1 + row * table_stride + column[None, :], tokens[None, :], inside)
        if REAL:
            tl.store(real_page_table + row * real_stride + (column // PAGE)[None, :], (tokens // PAGE)[None, :],
                     inside & (column % PAGE == 0)[None, :])


BLOCK = 128
PROGRAMS = 8192  # for the tables, where their rows and columns are enough


def fused_step(seq_lens, out, total, topk, extend_seq_lens=None, uniform=False, most_each=1, drafts=0, slots=None,
               req_to_token=None, page_size=64):
    """One launch for a step into the fields of `out`: one program for all vectors, and for each table row `splits` that
    copy 128 columns at a time up to the row's own length. In draft_extend (with `extend_seq_lens`) a program writes all
    rows of a request, `most_each` at most; `uniform` lengths are all the first one. In target_verify `drafts` is
    positive: a program writes one row. Compiled again for each batch size."""
    requests = len(seq_lens)
    wide, real = out.get("page_table_1"), out.get("real_page_table")
    tables, draft = wide is not None or real is not None, extend_seq_lens is not None
    units = requests * max(drafts, 1)
    width = req_to_token.shape[1] if tables else 0
    splits = max(1, min(PROGRAMS // units, triton.cdiv(width, BLOCK)))
    none = seq_lens  # stands for what is absent
    _step_kernel[(1 + units * splits if tables else 1,)](
        seq_lens, extend_seq_lens if draft else none, slots if tables else none, req_to_token if tables else none,
        out["cache_seqlens"], out["cu_seqlens_k"], out["seqlens_expanded"], out["nsa_cache_seqlens"],
        out["nsa_cu_seqlens_k"], none if wide is None else wide, none if real is None else real, total, width, splits,
        0 if wide is None else wide.stride(0), 0 if real is None else real.stride(0),
        req_to_token.stride(0) if tables else 0, requests, topk, drafts,
        "one" if not draft else "uniform" if uniform else "ragged", page_size, wide is not None, real is not None,
        triton.next_power_of_2(requests), triton.next_power_of_2(most_each * requests if draft else total),
        triton.next_power_of_2(most_each) if draft else 1, BLOCK)
