"""nsameta.compat.sglang on a GPU over the engine's sizes, eager and captured."""
import pytest

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)

import nsameta
import sglang_calls
import sglang_reference
from nsameta.compat import sglang

MODES = [("decode", False), ("target_verify", False), ("draft_extend", False), ("draft_extend", True)]


@pytest.mark.parametrize("bs", [1, 2, 7, 31, 32, 33, 64, 128, 200, 512, 1024, 4096, 16384])
@pytest.mark.parametrize("page", [1, 64])
@pytest.mark.parametrize("mode, static", MODES)
def test_matches_the_eager_reference(mode, static, page, bs):
    sglang_calls.check(mode, "cuda", bs, page, seed=bs, static=static, context=900 if bs <= 4096 else 300)


@pytest.mark.parametrize("next_n", range(1, 9))
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_numbers_of_draft_tokens(next_n, dtype):
    sglang_calls.check("target_verify", "cuda", 48, 64, next_n=next_n, dtype=dtype)
    for static in (False, True):
        sglang_calls.check("draft_extend", "cuda", 48, 64, longest=next_n, static=static, dtype=dtype)


@pytest.mark.parametrize("page", [1, 64])
@pytest.mark.parametrize("mode, static", MODES)
def test_long_contexts(mode, static, page):
    sglang_calls.check(mode, "cuda", 4, page, context=163_840, topk=2048, static=static)


@pytest.mark.parametrize("bs", [1, 32, 16384])
def test_entry_point_of_the_original(bs):
    queries = torch.randint(0, 9, (bs,), dtype=torch.int32, device="cuda")
    lengths = torch.randint(1, 9000, (bs,), dtype=torch.int32, device="cuda")
    expanded, clamped = (torch.full((8 * bs + 3,), -1, dtype=torch.int32, device="cuda") for _ in range(2))
    total = sglang.fill_draft_extend_metadata_cuda(queries, lengths, 2048, expanded, clamped)
    slots = torch.zeros(bs, dtype=torch.int64, device="cuda")
    tokens = torch.zeros((1, 1), dtype=torch.int32, device="cuda")
    fields, _ = sglang_reference.metadata("draft_extend", lengths, slots, tokens, 2048, 1, 1, queries)
    assert total == int(queries.sum())
    assert torch.equal(expanded[:total], fields["seqlens_expanded"]) and (expanded[total:] == -1).all()
    assert torch.equal(clamped[:total], fields["dsa_cache_seqlens"])


def test_is_captured_and_replayed_with_other_lengths():
    bs, columns, page, topk, n = 16, 4096, 64, 512, 4
    tokens = torch.randint(0, 1 << 30, (bs, columns), dtype=torch.int32, device="cuda")
    lengths, slots = (torch.zeros(bs, dtype=torch.int64, device="cuda") for _ in range(2))

    def new(*shape):
        return torch.full(shape, -1, dtype=torch.int32, device="cuda")
    outputs = {"cache_seqlens": new(bs), "cu_seqlens_k": new(bs + 1), "page_table_1": new(bs * n, columns),
               "seqlens_expanded": new(bs * n), "dsa_cache_seqlens": new(bs * n), "dsa_cu_seqlens_k": new(bs * n + 1),
               "real_page_table": new(bs * n, columns // page)}
    lens_2d = new(bs, n)
    nsameta.warmup("cuda")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        sglang.fused_dsa_target_verify_metadata(
            seq_lens=lengths, req_pool_indices=slots, req_to_token=tokens, bs=bs, max_seqlen_k=columns,
            dsa_index_topk=topk, real_page_size=page, next_n=n, paged_mqa_ctx_lens_2d=lens_2d, **outputs)
    for seed in range(5):
        torch.manual_seed(seed)
        lengths.copy_(torch.randint(1, columns - n, (bs,)))
        slots.copy_(torch.randperm(bs))
        graph.replay()
        torch.cuda.synchronize()
        fields, live = sglang_reference.metadata("target_verify", lengths, slots, tokens, topk, page, columns, next_n=n)
        sglang_reference.assert_equal(fields, live, page, outputs)
        assert torch.equal(lens_2d, fields["cache_seqlens"][:, None].expand(bs, n))
