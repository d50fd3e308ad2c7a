"""torch tensors, and the operator: on the CPU, and on a GPU where there is one."""
import importlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings

torch = pytest.importorskip("torch")

import calls
import nsameta
import nsameta.torch_operator
from problems import problems

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))]
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


def maker(device):
    return lambda values, dtype: torch.from_numpy(np.array(values, dtype)).to(device)


def back(tensor):
    return tensor.cpu().numpy()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("fill", [nsameta.fill, torch.ops.nsameta.fill], ids=["function", "operator"])
@settings(deadline=None, max_examples=100)
@given(problem=problems())
def test_matches_the_definition(problem, fill, device):
    calls.run(problem, maker(device), back=back, fill=fill)


def step(device, requests=9):
    """A ragged step: inputs by name, outputs by name, live rows."""
    make = maker(device)
    queries = [r % 4 for r in range(requests)]
    inputs = {"seq_lens": make([50 + 7 * r for r in range(requests)], "int32"),
              "extend_seq_lens": make(queries, "int32")}
    outputs = {name: make(np.full(4 * requests, -1), "int32") for name in ("seqlens_expanded", "nsa_cache_seqlens")}
    return inputs, outputs, sum(queries)


def expected(inputs):
    rows = [range(s - q + 1, s + 1) for s, q in zip(inputs["seq_lens"].tolist(), inputs["extend_seq_lens"].tolist())]
    return [seen for each in rows for seen in each]


def assert_filled(inputs, outputs, rows):
    want = expected(inputs)
    assert outputs["seqlens_expanded"].tolist() == want + [-1] * (len(outputs["seqlens_expanded"]) - rows)
    assert outputs["nsa_cache_seqlens"][:rows].tolist() == [min(64, seen) for seen in want]


@pytest.mark.parametrize("device", DEVICES)
def test_operator_keeps_torchs_rules(device):
    inputs, outputs, _ = step(device)
    torch.library.opcheck(torch.ops.nsameta.fill.default, ("draft_extend", inputs["seq_lens"]),
                          {"extend_seq_lens": inputs["extend_seq_lens"], **outputs})


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compiles_in_one_graph(backend, device):
    inputs, outputs, rows = step(device)

    @torch.compile(fullgraph=True, backend=backend)
    def compiled(seq_lens, extend_seq_lens, seqlens_expanded, nsa_cache_seqlens):
        torch.ops.nsameta.fill("draft_extend", seq_lens + 0, extend_seq_lens=extend_seq_lens, index_topk=64,
                               seqlens_expanded=seqlens_expanded, nsa_cache_seqlens=nsa_cache_seqlens)
        return nsa_cache_seqlens * 2
    doubled = compiled(**inputs, **outputs)
    assert_filled(inputs, outputs, rows)
    assert torch.equal(doubled, outputs["nsa_cache_seqlens"] * 2)


def test_fake_tensors_are_not_touched():
    with torch._subclasses.FakeTensorMode():
        lengths, out = torch.empty(3, dtype=torch.int32), torch.empty(3, dtype=torch.int32)
        assert torch.ops.nsameta.fill("decode", lengths, cache_seqlens=out) is None
        with pytest.raises(ValueError, match="seq_lens has no memory"):
            nsameta.fill("decode", lengths, cache_seqlens=out)


def zeros(*shape, **kind):
    return torch.zeros(shape or 3, dtype=torch.int32, **kind)


@pytest.mark.parametrize("error, text, lengths", [
    (ValueError, "seq_lens is on the meta device, which has no memory", lambda: zeros(device="meta")),
    (ValueError, "seq_lens is of the layout torch.sparse_coo: a dense one", lambda: zeros().to_sparse()),
    (ValueError, "seq_lens is negated lazily, .*: its resolve_neg\\(\\) is wanted", lambda: torch._neg_view(zeros())),
    (ValueError, "seq_lens has no memory", lambda: torch._efficientzerotensor(3, dtype=torch.int32)),
    (TypeError, "seq_lens is bfloat16, neither int32 nor int64", lambda: zeros().bfloat16()),
    (TypeError, "seq_lens is bool, neither int32 nor int64", lambda: zeros().bool()),
])
def test_tensors_that_are_not_their_memory_are_refused(error, text, lengths):
    with pytest.raises(error, match=text):
        nsameta.fill("decode", lengths(), cache_seqlens=zeros())


def test_a_negated_output_is_refused():
    with pytest.raises(ValueError, match="cache_seqlens is negated lazily"):
        nsameta.fill("decode", zeros(), cache_seqlens=torch._neg_view(zeros()))


@pytest.mark.parametrize("trace", [
    lambda call: torch.vmap(call)(zeros(2, 3)),
    lambda call: torch.fx.symbolic_trace(call),
])
def test_traced_tensors_are_refused(trace):
    out = zeros()
    with pytest.raises(ValueError, match="seq_lens is traced .*, so that it has no memory"):
        trace(lambda lengths: nsameta.fill("decode", lengths, cache_seqlens=out))


def test_an_expanded_tensor_is_one_length_for_all():
    out = zeros()
    nsameta.fill("decode", torch.tensor([7]).expand(3), cache_seqlens=out)
    assert out.tolist() == [7, 7, 7]


@pytest.mark.parametrize("fill", [nsameta.fill, torch.ops.nsameta.fill], ids=["function", "operator"])
def test_autograd_knows_what_was_written(fill):
    index, table = zeros(), zeros(3, 4)
    weights = torch.arange(9.0, requires_grad=True)
    kept = torch.nn.functional.embedding(index, weights[:, None])
    fill("decode", torch.tensor([1, 2, 3]), cache_seqlens=index, req_pool_indices=zeros(), req_to_token=zeros(1, 4),
         page_table_1=table)
    assert index._version > 0 and table._version > 0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        kept.sum().backward()


def test_many_sets_move_their_versions_and_inputs_do_not():
    lengths, outs = zeros(), [zeros(), zeros()]
    nsameta.fill_many("decode", lengths, [{"cache_seqlens": out} for out in outs])
    nsameta.explain("decode", lengths, cache_seqlens=outs[0])
    assert [lengths._version, *(out._version for out in outs)] == [0, 1, 1]


@pytest.mark.parametrize("device", DEVICES)
def test_plans_are_written_like_outputs(device):
    lengths, tiles, splits = zeros(4, device=device), zeros(6, 8, device=device), zeros(5, device=device)
    lengths.copy_(torch.tensor([1000, 0, 300, 64]))
    given = [lengths._version, tiles._version, splits._version]
    plan = {"kind": "flashmla", "preset": "2026", "num_sm_parts": 6, "tile_scheduler_metadata": tiles,
            "num_splits": splits}
    nsameta.fill("decode", lengths, plans=[plan])
    assert splits.tolist() == [0, 2, 3, 5, 6] and tiles[5].tolist() == [4, 3, 15, 1, 0, 0, 0, 0]
    assert [lengths._version, tiles._version, splits._version] == [given[0], given[1] + 1, given[2] + 1]


def test_inference_tensors_have_no_version():
    with torch.inference_mode():
        out = zeros()
        nsameta.fill("decode", zeros() + 5, cache_seqlens=out)
    nsameta.fill("decode", zeros() + 6, cache_seqlens=out)
    assert out.tolist() == [6, 6, 6]


def test_registering_twice_does_nothing():
    importlib.reload(nsameta.torch_operator)


@pytest.mark.parametrize("older", ["def one(tensor):\n  assert isinstance(tensor, torch.Tensor); new([tensor])\n"
                                   "new = torch._C._increment_version; torch._C._increment_version = one",
                                   "del torch._C._increment_version"])
def test_versions_move_in_older_torch(older):
    told = subprocess.run([sys.executable, "-c", f"""
import torch
{older}
import nsameta
def zeros(*shape): return torch.zeros(*shape, dtype=torch.int32)
out, status = zeros(3), zeros(())
nsameta.fill("decode", zeros(3), cache_seqlens=out, req_pool_indices=zeros(3), req_to_token=zeros(1, 4),
             real_page_table=zeros(3, 9)[:, :4], status=status)
print(out._version, status._version)
"""], capture_output=True, text=True, timeout=100)
    assert told.stdout.split() == ["1", "1"], told


@pytest.mark.parametrize("before", ["import torch; del torch.library.register_fake",
                                    "import sys; sys.modules['torch'] = None",
                                    "import sys, types; sys.modules['torch'] = types.ModuleType('torch')"])
def test_a_torch_without_register_fake_leaves_the_operator_out(before):
    told = subprocess.run([sys.executable, "-c", f"""
{before}
import nsameta
try:
    import nsameta.torch_operator
except ImportError as error:
    print(error)
"""], capture_output=True, text=True, timeout=100)
    assert told.returncode == 0, told.stderr
    if "None" not in before:
        assert "needs torch 2.4 or later, which has torch.library.register_fake; this is torch " in told.stdout


def test_total_slices_like_an_integer():
    inputs, outputs, rows = step("cpu")
    total = nsameta.fill_draft_extend_metadata(inputs["extend_seq_lens"], inputs["seq_lens"], 64,
                                               outputs["seqlens_expanded"], outputs["nsa_cache_seqlens"])
    assert total.shape == () and total == rows and outputs["seqlens_expanded"][:total].tolist() == expected(inputs)


@on_gpu
def test_devices_may_not_mix():
    with pytest.raises(ValueError, match="cache_seqlens is on the CPU, but seq_lens on cuda:0"):
        nsameta.fill("decode", torch.ones(3, dtype=torch.int32, device="cuda"),
                     cache_seqlens=torch.zeros(3, dtype=torch.int32))


@on_gpu
def test_follows_the_current_stream():
    inputs, outputs, rows = step("cuda", 2000)
    later = inputs["seq_lens"] + 5
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(200_000_000)  # on any other stream the fill would read the old lengths
        inputs["seq_lens"].copy_(later)
        nsameta.fill("draft_extend", **inputs, index_topk=64, **outputs)
    stream.synchronize()
    assert_filled(inputs, outputs, rows)


@on_gpu
@pytest.mark.parametrize("fill", [nsameta.fill, torch.ops.nsameta.fill], ids=["function", "operator"])
def test_is_captured_and_replayed(fill):
    inputs, outputs, rows = step("cuda")
    nsameta.warmup("cuda")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        fill("draft_extend", **inputs, index_topk=64, **outputs)
    inputs["seq_lens"].add_(11)
    graph.replay()
    torch.cuda.synchronize()
    assert_filled(inputs, outputs, rows)


@on_gpu
def test_plans_are_captured_and_replayed():
    lengths, schedule = zeros(3, device="cuda"), zeros(5, 2, device="cuda")
    nsameta.warmup("cuda")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        nsameta.fill("decode", lengths, plans=[{"kind": "paged_mqa_schedule", "preset": "dg-2026-06", "num_sms": 4,
                                                "paged_mqa_schedule": schedule}])
    lengths.copy_(torch.tensor([1000, 0, 300]))
    graph.replay()
    assert schedule.tolist() == [[0, 0], [0, 1], [0, 2], [2, 0], [3, 0]]


@on_gpu
def test_one_graph_serves_every_smaller_batch():
    live, lengths = (torch.tensor(values, dtype=torch.int32, device="cuda") for values in ([4], [5, 6, 7, 8]))
    cached = torch.zeros(4, dtype=torch.int32, device="cuda")
    nsameta.warmup("cuda")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        nsameta.fill("decode", lengths, live_requests=live, cache_seqlens=cached)
    for count in (4, 3, 1, 0):
        live.fill_(count)
        graph.replay()
        assert cached.tolist() == [5, 6, 7, 8][:count] + [0] * (4 - count)


@on_gpu
def test_the_number_of_live_requests_is_where_the_lengths_are():
    with pytest.raises(ValueError, match="live_requests is on the CPU, but seq_lens on cuda:0"):
        nsameta.fill("decode", zeros(device="cuda"), live_requests=zeros(1))
