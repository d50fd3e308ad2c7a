"""The engine's metadata in eager torch, from what each array means. Page tables come whole; only live columns count."""
import torch


def sums(values):
    zero = torch.zeros(1, dtype=torch.int32, device=values.device)
    return torch.cat([zero, torch.cumsum(values, 0, dtype=torch.int32)])


def metadata(mode, seq_lens, req_pool_indices, req_to_token, topk, page, columns, queries=None, next_n=None):
    """`queries`: rows of each request in draft_extend. Returns the fields by name, and `live`, columns of each row."""
    seq_lens = seq_lens.to(torch.int32)
    bs = len(seq_lens)
    if mode == "decode":
        rows_each, cached = torch.ones_like(seq_lens), seq_lens
    elif mode == "target_verify":
        rows_each, cached = torch.full_like(seq_lens, next_n), seq_lens + next_n
    else:
        rows_each, cached = queries.to(torch.int32), seq_lens
    request = torch.repeat_interleave(torch.arange(bs, device=seq_lens.device), rows_each)
    within = torch.arange(len(request), device=seq_lens.device) - sums(rows_each)[request]
    expanded = (cached[request] - rows_each[request] + 1 + within).clamp(min=0).to(torch.int32)
    clamped = expanded.clamp(max=topk)
    table = req_to_token[req_pool_indices[request], :columns]
    fields = {"cache_seqlens": cached, "cu_seqlens_k": sums(cached), "seqlens_expanded": expanded,
              "dsa_cache_seqlens": clamped, "dsa_cu_seqlens_k": sums(clamped), "page_table_1": table,
              "real_page_table": table[:, ::page] // page}
    if mode == "decode":
        del fields["seqlens_expanded"]
    return fields, cached[request].clamp(max=columns)


def assert_equal(fields, live, page, outputs):
    """Whole vectors up to the rows there are; of tables the live columns, whose pages begin inside them."""
    for name, want in fields.items():
        got = outputs[name][:len(want)]
        if want.dim() == 1:
            assert torch.equal(got, want), name
            continue
        counts = live if name == "page_table_1" else (live + page - 1) // page
        columns = torch.arange(want.shape[1], device=want.device)
        for begin in range(0, len(want), 4096):  # masks of a large batch would not fit beside it
            part = slice(begin, begin + 4096)
            wrong = (got[part, :want.shape[1]] != want[part]) & (columns < counts[part, None])
            assert not wrong.any(), f"{name}: {wrong.nonzero()[0].tolist()}"
