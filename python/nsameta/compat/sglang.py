"""Functions of SGLang's sparse attention backend, by their names and signatures, on nsameta.

Each is one fill() in order of torch's current stream. They write what the engine's own functions write where the engine
reads it: of a page table, the columns that the row's request has positions for (whole pages' heads in
`real_page_table`), `max_len` or `max_seqlen_k` at most; columns beyond keep what they held. With
`real_page_size == 1` the engine reads `page_table_1` alone, and `real_page_table` is not touched. `page_table_1` may
be None.
"""
from .._ext import fill
from ..draft_extend import check_room, fill_draft_extend_metadata


def _paged(real_page_table, real_page_size):
    return real_page_table if real_page_size > 1 else None


def _repeated_lengths(lengths, bs, next_n):
    """The plan that writes `paged_mqa_ctx_lens_2d`."""
    if tuple(lengths.shape) != (bs, next_n):
        raise ValueError(f"paged_mqa_ctx_lens_2d has shape {tuple(lengths.shape)}, not {(bs, next_n)}")
    if str(lengths.dtype) != "torch.int32":
        raise TypeError(f"paged_mqa_ctx_lens_2d is {lengths.dtype}, not torch.int32")
    if not lengths.is_contiguous():
        raise ValueError(f"paged_mqa_ctx_lens_2d has strides {lengths.stride()}, not {(next_n, 1)}")
    if next_n > 64:
        raise ValueError(f"next_n is {next_n}, more than the 64 of paged_mqa_ctx_lens_2d")
    return {"kind": "context_lens", "preset": "repeated", "next_n": next_n, "context_lens": lengths}


def fused_dsa_decode_metadata(seq_lens, req_pool_indices, req_to_token, cache_seqlens, cu_seqlens_k, page_table_1,
                              dsa_cache_seqlens, dsa_cu_seqlens_k, real_page_table, bs, max_len, dsa_index_topk,
                              real_page_size):
    """One row a request."""
    fill("decode", seq_lens, req_pool_indices=req_pool_indices, req_to_token=req_to_token, batch_size=bs,
         column_limit=max_len, index_topk=dsa_index_topk, page_size=real_page_size, cache_seqlens=cache_seqlens,
         cu_seqlens_k=cu_seqlens_k, nsa_cache_seqlens=dsa_cache_seqlens, nsa_cu_seqlens_k=dsa_cu_seqlens_k,
         page_table_1=page_table_1, real_page_table=_paged(real_page_table, real_page_size))


def fused_dsa_target_verify_metadata(seq_lens, req_pool_indices, req_to_token, cache_seqlens, cu_seqlens_k,
                                     page_table_1, seqlens_expanded, dsa_cache_seqlens, dsa_cu_seqlens_k,
                                     real_page_table, bs, max_seqlen_k, dsa_index_topk, real_page_size, next_n,
                                     paged_mqa_ctx_lens_2d=None):
    """`next_n` rows a request, which `seq_lens` does not count yet.

    `paged_mqa_ctx_lens_2d`, [bs, next_n], int32 and contiguous, gets each request's cache_seqlens in every column, in
    the same launch. `next_n` is 64 at most then.
    """
    plans = None if paged_mqa_ctx_lens_2d is None else [_repeated_lengths(paged_mqa_ctx_lens_2d, bs, next_n)]
    fill("target_verify", seq_lens, uniform_extend_len=next_n, req_pool_indices=req_pool_indices,
         req_to_token=req_to_token, batch_size=bs, column_limit=max_seqlen_k, index_topk=dsa_index_topk,
         page_size=real_page_size, cache_seqlens=cache_seqlens, cu_seqlens_k=cu_seqlens_k,
         seqlens_expanded=seqlens_expanded, nsa_cache_seqlens=dsa_cache_seqlens, nsa_cu_seqlens_k=dsa_cu_seqlens_k,
         page_table_1=page_table_1, real_page_table=_paged(real_page_table, real_page_size), plans=plans)


def fused_dsa_draft_extend_metadata(seq_lens, extend_seq_lens, req_pool_indices, req_to_token, cache_seqlens,
                                    cu_seqlens_k, page_table_1, seqlens_expanded, dsa_cache_seqlens, dsa_cu_seqlens_k,
                                    real_page_table, bs, total_len, max_seqlen_k, dsa_index_topk, real_page_size,
                                    max_extend_len, max_total_len, static_extend_len=False):
    """`extend_seq_lens[r]` rows for request r, which `seq_lens` counts already; `total_len` rows at most.

    `static_extend_len` says that all requests have the same number of rows, total_len / bs: then nobody reads
    `extend_seq_lens`. `max_extend_len` and `max_total_len` are bounds that a fill has no use for.
    """
    uniform = static_extend_len and bs > 0 and total_len > 0 and total_len % bs == 0
    lengths = {"uniform_extend_len": total_len // bs} if uniform else {"extend_seq_lens": extend_seq_lens}
    fill("draft_extend", seq_lens, **lengths, req_pool_indices=req_pool_indices, req_to_token=req_to_token,
         batch_size=bs, row_limit=total_len, column_limit=max_seqlen_k, index_topk=dsa_index_topk,
         page_size=real_page_size, cache_seqlens=cache_seqlens, cu_seqlens_k=cu_seqlens_k,
         seqlens_expanded=seqlens_expanded, nsa_cache_seqlens=dsa_cache_seqlens, nsa_cu_seqlens_k=dsa_cu_seqlens_k,
         page_table_1=page_table_1, real_page_table=_paged(real_page_table, real_page_size))


def fill_draft_extend_metadata_cuda(extend_seq_lens, seq_lens, nsa_index_topk, out_seqlens_expanded,
                                    out_nsa_cache_seqlens, use_adaptive=True):
    """The rows' two length fields; returns the number of rows as an int, for which it waits, as the original did.

    Outputs too short for the rows are an Error, after the rows that they hold are written.

    `use_adaptive` chose between two searches of the original; here the policy table chooses the kernel.
    """
    rows = int(fill_draft_extend_metadata(extend_seq_lens, seq_lens, nsa_index_topk, out_seqlens_expanded,
                                          out_nsa_cache_seqlens))
    check_room(rows, out_seqlens_expanded=out_seqlens_expanded, out_nsa_cache_seqlens=out_nsa_cache_seqlens)
    return rows
