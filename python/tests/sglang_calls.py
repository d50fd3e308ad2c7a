"""A batch through nsameta.compat.sglang, compared with the eager reference."""
import torch

import sglang_reference
from nsameta.compat import sglang

UNTOUCHED = -77


def check(mode, device, bs, page, seed=0, context=900, topk=64, next_n=3, longest=5, static=False, spare=2,
          dtype=torch.int64, columns=None):
    """`spare`: what the engine's persistent buffers hold beyond the batch, in rows and columns; `columns`: max_len."""
    random = torch.Generator().manual_seed(seed)

    def integers(low, high, shape):
        return torch.randint(low, high, shape, generator=random).to(dtype).to(device)
    columns = columns or context + 8
    requests = bs + spare
    seq_lens = integers(1, context + 1, (requests,))
    slots = requests + 3
    req_pool_indices = torch.randperm(slots, generator=random)[:requests].to(dtype).to(device)
    req_to_token = integers(0, 1 << 30, (slots, max(columns, context) + 13)).to(torch.int32)
    queries = integers(longest if static else 0, longest + 1, (requests,))
    rows = {"decode": bs, "target_verify": bs * next_n, "draft_extend": int(queries[:bs].sum())}[mode]

    def new(*shape):
        return torch.full(shape, UNTOUCHED, dtype=torch.int32, device=device)
    held = rows + spare
    outputs = {"cache_seqlens": new(bs + spare), "cu_seqlens_k": new(bs + 1 + spare),
               "page_table_1": new(held, columns + spare), "dsa_cache_seqlens": new(held),
               "dsa_cu_seqlens_k": new(held + 1)}
    if mode != "decode":
        outputs["seqlens_expanded"] = new(held)
    outputs["real_page_table"] = new(held, -(-columns // page) + spare) if page > 1 else outputs["page_table_1"]
    given = {"seq_lens": seq_lens, "req_pool_indices": req_pool_indices, "req_to_token": req_to_token, "bs": bs,
             "dsa_index_topk": topk, "real_page_size": page, **outputs}

    if mode == "decode":
        sglang.fused_dsa_decode_metadata(max_len=columns, **given)
    elif mode == "target_verify":
        lens_2d = new(bs, next_n)
        sglang.fused_dsa_target_verify_metadata(max_seqlen_k=columns, next_n=next_n, paged_mqa_ctx_lens_2d=lens_2d,
                                                **given)
        assert torch.equal(lens_2d, (seq_lens[:bs, None] + next_n).expand(bs, next_n).to(torch.int32))
    else:
        sglang.fused_dsa_draft_extend_metadata(
            extend_seq_lens=queries, total_len=rows, max_seqlen_k=columns, max_extend_len=longest,
            max_total_len=held, static_extend_len=static, **given)

    fields, live = sglang_reference.metadata(mode, seq_lens[:bs], req_pool_indices[:bs], req_to_token, topk, page,
                                             columns, queries[:bs], next_n)
    if page == 1:
        del fields["real_page_table"]
    sglang_reference.assert_equal(fields, live, page, outputs)
    for name, tensor in outputs.items():
        if name not in ("page_table_1", "real_page_table"):
            beyond = tensor[len(fields[name]):]
            assert (beyond == UNTOUCHED).all(), f"{name}: written past the batch"
    for name in ("page_table_1", "real_page_table") if page > 1 else ("page_table_1",):
        assert (outputs[name][rows:] == UNTOUCHED).all(), f"{name}: rows that nobody has"
        assert (outputs[name][:, fields[name].shape[1]:] == UNTOUCHED).all(), f"{name}: written past max_len"
