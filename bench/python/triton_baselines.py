"""Two designs in Triton: a linear search a row, and the fused kernel of an engine's step."""
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
def _request_fields(seq_lens, cache_seqlens, cu_seqlens_k, requests, REQUESTS: tl.constexpr):
    r = tl.arange(0, REQUESTS)
    s = tl.load(seq_lens + r, r < requests, 0)
    tl.store(cache_seqlens + r, s, r < requests)
    tl.store(cu_seqlens_k + r, tl.cumsum(s) - s, r < requests)
    tl.store(cu_seqlens_k + requests, tl.sum(s))
    return s


@triton.jit
def _draft_extend_kernel(seq_lens, extend_seq_lens, cache_seqlens, cu_seqlens_k, expanded, clamped, nsa_cu, requests,
                         topk, REQUESTS: tl.constexpr, BLOCK: tl.constexpr):
    _request_fields(seq_lens, cache_seqlens, cu_seqlens_k, requests, REQUESTS)
    r = tl.arange(0, REQUESTS)
    total = tl.sum(tl.load(extend_seq_lens + r, r < requests, 0))
    carry = 0
    for first in range(0, total, BLOCK):
        row = first + tl.arange(0, BLOCK)
        length = tl.zeros((BLOCK,), tl.int32)
        begin = 0
        for i in range(requests):
            s = tl.load(seq_lens + i)
            q = tl.load(extend_seq_lens + i)
            length = tl.where((row >= begin) & (row < begin + q), s - q + 1 + row - begin, length)
            begin += q
        length = tl.maximum(length, 0)
        kept = tl.where(row < total, tl.minimum(length, topk), 0)
        tl.store(expanded + row, length, row < total)
        tl.store(clamped + row, kept, row < total)
        tl.store(nsa_cu + row, carry + tl.cumsum(kept) - kept, row < total)
        carry += tl.sum(kept)
    tl.store(nsa_cu + total, carry)


def fused_draft_extend(seq_lens, extend_seq_lens, topk, out):
    """One launch, one program for all vector fields: nothing is read back, and a compilation per power of two."""
    _draft_extend_kernel[(1,)](seq_lens, extend_seq_lens, out["cache_seqlens"], out["cu_seqlens_k"],
                               out["seqlens_expanded"], out["nsa_cache_seqlens"], out["nsa_cu_seqlens_k"],
                               len(seq_lens), topk, REQUESTS=triton.next_power_of_2(len(seq_lens)), BLOCK=1024)


@triton.jit
def _decode_kernel(seq_lens, slots, req_to_token, token_stride, cache_seqlens, cu_seqlens_k, expanded, clamped, nsa_cu,
                   page_table_1, table_stride, real_page_table, real_stride, requests, topk, blocks,
                   REQUESTS: tl.constexpr, BLOCK: tl.constexpr, PAGE: tl.constexpr):
    program = tl.program_id(0)
    if program == 0:
        s = _request_fields(seq_lens, cache_seqlens, cu_seqlens_k, requests, REQUESTS)
        r = tl.arange(0, REQUESTS)
        kept = tl.minimum(s, topk)
        tl.store(expanded + r, s, r < requests)
        tl.store(clamped + r, kept, r < requests)
        tl.store(nsa_cu + r, tl.cumsum(kept) - kept, r < requests)
        tl.store(nsa_cu + requests, tl.sum(kept))
    else:
        request = (program - 1) // blocks
        block = (program - 1) % blocks
        live = tl.load(seq_lens + request)
        source = req_to_token + tl.load(slots + request).to(tl.int64) * token_stride
        column = block * BLOCK + tl.arange(0, BLOCK)
        tokens = tl.load(source + column, column < live)
        tl.store(page_table_1 + request.to(tl.int64) * table_stride + column, tokens, column < live)
        page = block * (BLOCK // PAGE) + tl.arange(0, BLOCK // PAGE)
        heads = tl.load(source + page * PAGE, page * PAGE < live)
        tl.store(real_page_table + request.to(tl.int64) * real_stride + page, heads // PAGE, page * PAGE < live)


def fused_decode(seq_lens, slots, req_to_token, topk, page_size, out):
    """One launch; the grid covers the whole width of the tables, live or not, and one program the vector fields."""
    block = 1024
    blocks = triton.cdiv(req_to_token.shape[1], block)
    page_table_1, real = out["page_table_1"], out["real_page_table"]
    _decode_kernel[(1 + len(seq_lens) * blocks,)](
        seq_lens, slots, req_to_token, req_to_token.stride(0), out["cache_seqlens"], out["cu_seqlens_k"],
        out["seqlens_expanded"], out["nsa_cache_seqlens"], out["nsa_cu_seqlens_k"], page_table_1,
        page_table_1.stride(0), real, real.stride(0), len(seq_lens), topk, blocks,
        REQUESTS=triton.next_power_of_2(len(seq_lens)), BLOCK=block, PAGE=page_size)
