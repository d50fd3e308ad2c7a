"""check_plans on libraries that are not there: their functions walk each plan serially, as the originals do."""
import collections
import os
import subprocess
import sys
import types
from array import array

import numpy as np
import pytest

import nsameta
from nsameta import check_plans

MODULES = ("deep_gemm", "flash_mla", "aiter")
UNITS = 60
TORCH = types.SimpleNamespace(
    int32=np.int32, uint64=np.uint64, tensor=lambda values, dtype, device: np.array(values, dtype),
    full=lambda shape, value, dtype, device: np.full(shape, value, dtype),
    empty=lambda count, dtype, device: np.empty(count, dtype))


def up(a, b):
    return -(-a // b)


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs main() where there are only these libraries: its result and the line of each."""
    def run(**libraries):
        monkeypatch.setitem(sys.modules, "torch", TORCH)
        for name in MODULES:  # None: importing it fails
            functions = libraries.get(name)
            library = functions and types.SimpleNamespace(__name__=name, __version__="1.2", **functions)
            monkeypatch.setitem(sys.modules, name, library)
        return check_plans.main(), capsys.readouterr().out.splitlines()
    return run


def deep_gemm(atoms, extra_first, split=256, dimensions=2):
    def schedule(context_lens, block_kv, num_sms):
        assert context_lens.dtype == np.int32 and block_kv == 64
        if context_lens.ndim != dimensions:
            raise RuntimeError("Assertion error: context_lens.dim()")
        columns = context_lens.reshape(len(context_lens), -1)
        u = atoms(columns.shape[1])
        units = [(r * u + atom, i) for r, n in enumerate(columns[:, -1].tolist())
                 for atom in range(u) for i in range(up(n, split))]
        base, extra = divmod(len(units), num_sms)
        begin, begins = 0, []
        for sm in range(num_sms + 1):
            begins.append(units[begin] if begin < len(units) else (len(columns) * u, 0))
            begin += base + (sm < extra if extra_first else sm >= num_sms - extra)
        return np.array(begins, np.int32)
    return {"get_paged_mqa_logits_metadata": schedule, "get_num_sms": lambda: UNITS}


def walked(blocks, overhead, step, parts):
    """FlashMLA's cut: of each part, the pieces (request, first block, end) that it does, and where it begins."""
    request = done = piece = 0
    for _ in range(parts):
        begin, pieces, budget = (request, done, piece), [], step + overhead
        while request < len(blocks) and budget >= blocks[request] - done + overhead:
            pieces.append((request, done, blocks[request]))
            budget -= blocks[request] - done + overhead
            request, done, piece = request + 1, 0, 0
        if request < len(blocks) and budget > overhead:
            pieces.append((request, done, done + budget - overhead))
            done, piece = done + budget - overhead, piece + 1
        yield begin, pieces


def flash_mla(order):
    def metadata(cache_seqlens, query_heads, key_heads):
        assert cache_seqlens.dtype == np.int32 and query_heads % 64 == 0 and key_heads == 1
        blocks = [max(1, up(int(n), 64)) for n in cache_seqlens]
        parts, counts = UNITS // (query_heads // 64), [0] * len(blocks)
        rows = np.full((parts, 8), 77, np.int32)  # what was in memory
        step = up(sum(n + 5 for n in blocks), parts)
        for row, ((request, block, piece), pieces) in zip(rows, walked(blocks, 5, step, parts)):
            last, _, end = pieces[-1] if pieces else (len(blocks) - 1, 0, blocks[-1])
            for each, *_ in pieces:
                counts[each] += 1
            whole = end == blocks[last]
            row[order] = (request, block if pieces else blocks[0] - 1, last,
                          up(int(cache_seqlens[last]), 64) if whole else end, piece)
        if order == [0, 2, 1, 3, 4]:  # that of 2026 has two flags more
            cut = np.array(counts) > 1
            begins, ends = rows[:, 0], rows[:, 1]
            rows[:, 5] = np.where(begins <= ends, cut[np.minimum(begins, len(cut) - 1)], 0)
            rows[:, 6] = np.where(begins <= ends, cut[ends], 0)
        return rows, np.array([0, *np.cumsum(counts)], np.int32)
    return {"get_mla_metadata": metadata}


def aiter(gfx942=False):
    def fast(pages, last_pages, out, page, granularity, topk, most):
        limited = [min(n, up(topk, page)) for n in pages] if topk >= 0 else pages
        firsts = np.arange(len(pages)) * up(topk, page) if topk >= 0 else np.cumsum([0, *pages])
        blocks, overhead = [up(n, granularity) for n in limited], max(1, up(16, page))
        step = up(sum(n + overhead for n in blocks), UNITS if most < 0 else min(UNITS, most * len(pages)))
        parts = [pieces for _, pieces in walked(blocks, overhead, step, UNITS)]
        done = [piece for pieces in parts for piece in pieces]
        out["work_indptr"][:UNITS + 1] = np.cumsum([0, *map(len, parts)])
        place, reduced, pieces_of = 0, [[] for _ in pages], collections.Counter(entry for entry, *_ in done)
        for work, (entry, begin, end) in zip(out["work_info_set"], done):
            first, stop = firsts[entry], firsts[entry] + limited[entry]
            end = min(first + end * granularity, stop)
            behind = (stop - end - 1) * page + last_pages[entry] if page > 1 and end < stop else stop - end
            cut = pieces_of[entry] > 1
            work[:] = entry, place if cut else -1, entry, entry + 1, first + begin * granularity, end, behind, 0
            if cut:
                reduced[entry].append(place)
                out["reduce_final_map"][entry] = entry, entry + 1
                place += 1
        out["reduce_indptr"][:] = np.cumsum([0, *map(len, reduced)])
        out["reduce_partial_map"][:place] = sum(reduced, [])

    def intra(pages, last_pages, out, page, granularity, topk, most):
        work, begin, counts = 0, 0, []
        for entry, n in enumerate(pages):
            splits = 16 if gfx942 else min(n // 196, up(UNITS, len(pages)), most)
            size = up(up(n, granularity), splits) * granularity
            count = up(n, size)
            count -= count > 1 and 0 < n % size <= 4
            for i in range(count):
                end = n if i == count - 1 else (i + 1) * size
                place = work if count > 1 else -1
                out["work_info_set"][work] = (entry, place, entry, entry + 1, begin + i * size, begin + end,
                                              n - end, 0)
                out["reduce_partial_map"][work] = place
                work += 1
            out["reduce_final_map"][entry] = entry, entry + 1
            begin += n
            counts.append(count)
        base, extra = divmod(work, UNITS)
        out["work_indptr"][:UNITS + 1] = [i * base + min(i, extra) for i in range(UNITS + 1)]
        out["reduce_indptr"][:] = np.cumsum([0, *counts])

    def works(qo_indptr, kv_indptr, last_pages, heads, key_heads, causal, pointers, work_info_set, work_indptr,
              reduce_indptr, reduce_final_map, reduce_partial_map, *, page_size, kv_granularity, max_seqlen_qo,
              uni_seqlen_qo, fast_mode, topk, max_split_per_batch, intra_batch_mode):
        assert (heads, key_heads, max_seqlen_qo, uni_seqlen_qo) == (16, 1, 1, 1) and fast_mode != intra_batch_mode
        assert qo_indptr.tolist() == list(range(len(kv_indptr))) and pointers.dtype == np.uint64
        out = {name: value for name, value in locals().items() if name.startswith(("work_", "reduce_"))}
        (fast if fast_mode else intra)(np.diff(kv_indptr).tolist(), last_pages.tolist(), out, page_size,
                                       kv_granularity, topk, max_split_per_batch)
    return {"get_mla_metadata_v1": works}


DG_2026_06 = deep_gemm(lambda n: up(n, 2), False)


def test_absent_libraries_are_named(run):
    result, lines = run()
    assert result == 0
    assert [line.split(": ")[:2] for line in lines] == [[title, "not importable"]
                                                       for title in ("DeepGEMM", "FlashMLA", "aiter")]


def test_libraries_that_fail_as_they_load_are_absent_too(tmp_path):
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("raise OSError('no such driver')")
    told = subprocess.run([sys.executable, "-m", "nsameta.check_plans"], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert told.returncode == 0 and told.stdout.count(": not importable: no such driver\n") == 3


@pytest.mark.parametrize("preset, library", [
    ("dg-2025-09", deep_gemm(lambda n: 1, True, dimensions=1)),
    ("dg-2026-04", deep_gemm(lambda n: n if n % 2 else n // 2, True)),
    ("dg-2026-04b", deep_gemm(lambda n: up(n, 2), True)),
    ("dg-2026-06", DG_2026_06),
    ("dg-2026-08-sm90", deep_gemm(lambda n: 1, False)),
])
def test_deep_gemm(run, preset, library):
    result, lines = run(deep_gemm=library)
    assert result == 0 and lines[0] == f"DeepGEMM 1.2: equals {preset} on all 20 problems"


@pytest.mark.parametrize("preset, order", [("2025", [0, 1, 2, 3, 4]), ("2026", [0, 2, 1, 3, 4])])
def test_flash_mla(run, preset, order):
    result, lines = run(flash_mla=flash_mla(order))
    assert result == 0 and lines[1] == f"FlashMLA 1.2: equals {preset} on all 20 problems"


@pytest.mark.parametrize("preset, gfx942", [("intra", False), ("intra-gfx942", True)])
def test_aiter(run, preset, gfx942):
    result, lines = run(aiter=aiter(gfx942))
    assert result == 0 and lines[2:] == ["aiter 1.2, fast: equals fast on all 20 problems",
                                         f"aiter 1.2, intra: equals {preset} on all 20 problems"]


def test_the_first_difference_is_told(run):
    def schedule(context_lens, block_kv, num_sms):
        made = DG_2026_06["get_paged_mqa_logits_metadata"](context_lens, block_kv, num_sms)
        if len(context_lens) == 128:
            made[3, 1] += 500
        return made
    result, lines = run(deep_gemm=DG_2026_06 | {"get_paged_mqa_logits_metadata": schedule},
                        flash_mla=flash_mla([0, 1, 2, 3, 4]))
    assert result == 1
    assert lines[0].startswith("DeepGEMM 1.2: no preset equals it; dg-2026-06 does on 18 of 20 problems; first "
                               "difference: problem 9, paged_mqa_schedule[3, 1] is ")
    assert lines[1].startswith("FlashMLA 1.2: equals 2025")


def test_splits_of_another_length_are_no_preset(run):
    result, lines = run(deep_gemm=deep_gemm(lambda n: up(n, 2), False, split=192))
    assert result == 1 and lines[0].startswith("DeepGEMM 1.2: no preset equals it; ")


def test_a_work_that_aiter_leaves_out_is_a_difference(run):
    whole = aiter(False)["get_mla_metadata_v1"]

    def without_first_work(*arguments, **options):
        whole(*arguments, **options)
        arguments[7][0] = check_plans.UNWRITTEN  # of work_info_set
    result, lines = run(aiter={"get_mla_metadata_v1": without_first_work})
    assert result == 1
    assert all("no preset equals it" in line and "work_info_set[0, 0]" in line for line in lines[2:])


def test_a_library_that_raises_is_told(run):
    def no_gpu(*_):
        raise RuntimeError("no CUDA GPUs are available\nFor debugging consider")
    result, lines = run(deep_gemm={"get_paged_mqa_logits_metadata": no_gpu, "get_num_sms": lambda: UNITS})
    assert result == 1
    assert lines[0] == "DeepGEMM 1.2: problem 1 raised RuntimeError: no CUDA GPUs are available"


def test_a_library_that_shows_no_plan_is_not_compared(run):
    result, lines = run(deep_gemm={"fp8_gemm_nt": None}, flash_mla={"get_mla_metadata": lambda *_: (object(), None)})
    assert result == 0
    assert lines[:2] == ["DeepGEMM 1.2: nothing to compare: it has no get_paged_mqa_logits_metadata",
                         "FlashMLA 1.2: nothing to compare: it makes its plan inside the attention kernel, as FlashMLA "
                         "does since 2026"]


@pytest.mark.parametrize("kind", check_plans.PRESETS)
def test_the_presets_are_those_of_fill(kind):
    with pytest.raises(ValueError) as refused:
        nsameta.fill("decode", array("i", [1]), plans=[{"kind": kind, "preset": "-"}])
    assert str(refused.value).endswith(f"none of {', '.join(check_plans.PRESETS[kind])}")


PLANS = {"paged_mqa_schedule": [check_plans.deep_gemm_plan, DG_2026_06], "aiter": [check_plans.aiter_plan, aiter()]}


@pytest.mark.parametrize("kind, preset", [(kind, preset) for kind in PLANS for preset in check_plans.PRESETS[kind]])
def test_the_problems_tell_presets_apart(kind, preset, monkeypatch):
    """A library that is this preset is no other."""
    monkeypatch.setitem(sys.modules, "torch", TORCH)
    plan_of, functions = PLANS[kind]

    def filled(lengths, number):
        form = {"fast": preset == "fast"} if kind == "aiter" else {}
        lengths, constants, buffers = plan_of(types.SimpleNamespace(**functions), lengths, number, **form)
        made = {name: array("i", [check_plans.UNWRITTEN]) * len(words) for name, words in buffers.items()}
        nsameta.fill("decode", array("i", lengths), plans=[{"kind": kind, "preset": preset, **constants, **made}])
        return lengths, constants, made
    assert check_plans.compare(kind, filled) == (f"equals {preset} on all 20 problems", True)
