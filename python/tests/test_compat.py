"""nsameta.compat.sglang on CPU tensors; test_compat_gpu.py has the engine's sizes."""
import inspect

import pytest

torch = pytest.importorskip("torch")

import sglang_calls
from nsameta.compat import sglang

SIGNATURES = {
    "fused_dsa_decode_metadata":
        "seq_lens, req_pool_indices, req_to_token, cache_seqlens, cu_seqlens_k, page_table_1, dsa_cache_seqlens, "
        "dsa_cu_seqlens_k, real_page_table, bs, max_len, dsa_index_topk, real_page_size",
    "fused_dsa_target_verify_metadata":
        "seq_lens, req_pool_indices, req_to_token, cache_seqlens, cu_seqlens_k, page_table_1, seqlens_expanded, "
        "dsa_cache_seqlens, dsa_cu_seqlens_k, real_page_table, bs, max_seqlen_k, dsa_index_topk, real_page_size, "
        "next_n, paged_mqa_ctx_lens_2d=None",
    "fused_dsa_draft_extend_metadata":
        "seq_lens, extend_seq_lens, req_pool_indices, req_to_token, cache_seqlens, cu_seqlens_k, page_table_1, "
        "seqlens_expanded, dsa_cache_seqlens, dsa_cu_seqlens_k, real_page_table, bs, total_len, max_seqlen_k, "
        "dsa_index_topk, real_page_size, max_extend_len, max_total_len, static_extend_len=False",
    "fill_draft_extend_metadata_cuda":
        "extend_seq_lens, seq_lens, nsa_index_topk, out_seqlens_expanded, out_nsa_cache_seqlens, use_adaptive=True",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_the_engines(name):
    assert str(inspect.signature(getattr(sglang, name))) == f"({SIGNATURES[name]})"


@pytest.mark.parametrize("page", [1, 64])
@pytest.mark.parametrize("bs", [0, 1, 3, 40])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("mode, static", [("decode", False), ("target_verify", False), ("draft_extend", False),
                                          ("draft_extend", True)])
def test_matches_the_eager_reference(mode, static, bs, page, dtype):
    sglang_calls.check(mode, "cpu", bs, page, static=static, dtype=dtype)


def test_contexts_of_a_token_and_rows_longer_than_them():
    sglang_calls.check("draft_extend", "cpu", 20, 64, context=2)


@pytest.mark.parametrize("page", [1, 64])
@pytest.mark.parametrize("mode", ["decode", "target_verify", "draft_extend"])
def test_tables_end_at_max_len(mode, page):
    sglang_calls.check(mode, "cpu", 20, page, context=600, columns=130)


def test_rows_end_at_total_len():
    def new(*shape):
        return torch.full(shape, -1, dtype=torch.int32)
    lengths, queries = torch.tensor([7, 5]), torch.tensor([3, 3])
    tokens = torch.arange(32, dtype=torch.int32).view(2, 16)
    expanded, clamped, sums, table = new(8), new(8), new(9), new(8, 16)
    sglang.fused_dsa_draft_extend_metadata(lengths, queries, torch.tensor([0, 1]), tokens, new(2), new(3), table,
                                           expanded, clamped, sums, None, 2, 4, 16, 6, 1, 3, 8)
    assert expanded.tolist() == [5, 6, 7, 3, *[-1] * 4] and clamped.tolist() == [5, 6, 6, 3, *[-1] * 4]
    assert sums.tolist() == [0, 5, 11, 17, 20, *[-1] * 4]
    assert table[:, 0].tolist() == [0, 0, 0, 16, *[-1] * 4]


def test_a_missing_wide_table_is_left_out():
    lengths, slots = torch.tensor([3, 130], dtype=torch.int32), torch.tensor([1, 0])
    tokens = torch.arange(512, dtype=torch.int32).view(2, 256)
    cache, sums, clamped, clamped_sums = (torch.zeros(n, dtype=torch.int32) for n in (2, 3, 2, 3))
    pages = torch.full((2, 4), -1, dtype=torch.int32)
    sglang.fused_dsa_decode_metadata(lengths, slots, tokens, cache, sums, None, clamped, clamped_sums, pages, 2, 256,
                                     64, 64)
    assert pages.tolist() == [[4, -1, -1, -1], [0, 1, 2, -1]]


def test_lengths_of_another_shape_are_refused_before_anything_is_written():
    def new(*shape):
        return torch.full(shape, -1, dtype=torch.int32)
    cache = new(1)
    with pytest.raises(ValueError, match=r"paged_mqa_ctx_lens_2d has shape \(1, 3\), not \(1, 2\)"):
        sglang.fused_dsa_target_verify_metadata(
            new(1), new(1), new(4, 8), cache, new(2), new(2, 8), new(2), new(2), new(3), None, 1, 8, 64, 1, 2,
            paged_mqa_ctx_lens_2d=new(1, 3))
    assert cache.tolist() == [-1]


def verify_two_requests(lens_2d, requests=2):
    def new(*shape):
        return torch.full(shape, -1, dtype=torch.int32)
    cache = new(requests)
    sglang.fused_dsa_target_verify_metadata(
        torch.tensor([7, 0])[:requests], torch.arange(requests), torch.zeros(4, 16, dtype=torch.int32), cache,
        new(requests + 1), new(3 * requests, 16), new(3 * requests), new(3 * requests), new(3 * requests + 1), None,
        requests, 16, 64, 1, 3, paged_mqa_ctx_lens_2d=lens_2d)
    return cache


@pytest.mark.parametrize("error, text, lens_2d", [
    (TypeError, "^paged_mqa_ctx_lens_2d is torch.int64, not torch.int32$", torch.zeros(2, 3, dtype=torch.int64)),
    (ValueError, r"^paged_mqa_ctx_lens_2d has strides \(4, 1\), not \(3, 1\)$",
     torch.zeros(2, 4, dtype=torch.int32)[:, :3]),
    (ValueError, r"^paged_mqa_ctx_lens_2d has strides \(1, 2\), not \(3, 1\)$", torch.zeros(3, 2, dtype=torch.int32).T)])
def test_repeated_lengths_of_another_type_or_order_are_refused(error, text, lens_2d):
    with pytest.raises(error, match=text):
        verify_two_requests(lens_2d)
    assert not lens_2d.any()


def test_repeated_lengths_are_the_first_rows_of_a_larger_array():
    held = torch.full((4, 3), -1, dtype=torch.int32)
    assert verify_two_requests(held[:2]).tolist() == [10, 3]
    assert held.tolist() == [[10] * 3, [3] * 3, [-1] * 3, [-1] * 3]
    assert verify_two_requests(held[:0], requests=0).tolist() == []
    assert verify_two_requests(torch.zeros(0, 3, dtype=torch.int32), requests=0).tolist() == []


def test_repeated_lengths_are_written_by_the_one_fill(monkeypatch):
    calls, fill = [], sglang.fill
    monkeypatch.setattr(sglang, "fill", lambda *given, **named: calls.append(named["plans"]) or fill(*given, **named))
    verify_two_requests(None)
    verify_two_requests(torch.zeros(2, 3, dtype=torch.int32))
    assert calls[0] is None and len(calls) == 2 and len(calls[1]) == 1


def test_static_rows_of_no_request():
    def new(*shape):
        return torch.zeros(shape, dtype=torch.int32)
    sums = torch.full((1,), -1, dtype=torch.int32)
    sglang.fused_dsa_draft_extend_metadata(new(0), new(0), new(0), new(4, 8), new(0), sums, new(4, 8), new(4), new(4),
                                           new(5), None, 0, 4, 8, 64, 1, 4, 4, static_extend_len=True)
    assert sums.tolist() == [0]


@pytest.mark.parametrize("adaptive", [True, False])
def test_entry_point_of_the_original(adaptive):
    expanded, clamped = (torch.full((12,), -1, dtype=torch.int32) for _ in range(2))
    total = sglang.fill_draft_extend_metadata_cuda(torch.tensor([3, 6, 0], dtype=torch.int32),
                                                   torch.tensor([20, 1, 9], dtype=torch.int32), 19, expanded, clamped,
                                                   use_adaptive=adaptive)
    assert type(total) is int and total == 9
    assert expanded.tolist() == [18, 19, 20, 0, 0, 0, 0, 0, 1, -1, -1, -1]
    assert clamped[:total].tolist() == [18, 19, 19, 0, 0, 0, 0, 0, 1]


def test_rows_that_the_outputs_do_not_hold_are_told():
    def new(count):
        return torch.full((count,), -1, dtype=torch.int32)
    with pytest.raises(ValueError, match="out_nsa_cache_seqlens has 4 elements, less than the 9 rows"):
        sglang.fill_draft_extend_metadata_cuda(torch.tensor([3, 6, 0]), torch.tensor([20, 1, 9]), 19, new(12), new(4))
