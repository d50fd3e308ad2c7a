"""Says which presets equal the plans of the DeepGEMM, FlashMLA and aiter that are installed.

A plan is a private contract of one version of its library, and nothing checks it at run time. So here each library
makes its own plan of 20 problems, and every preset makes the same on the CPU. `python -m nsameta.check_plans` prints
what is equal, integer for integer. It exits 1 if no preset equals a plan that a library shows, or if a library raises,
0 otherwise. The libraries need torch and a GPU.
"""
import importlib
import importlib.metadata
import itertools
import random
import sys
from array import array

from ._ext import fill

PRESETS = {
    "paged_mqa_schedule": ("dg-2025-09", "dg-2026-04", "dg-2026-04b", "dg-2026-06", "dg-2026-06-sm100",
                           "dg-2026-08-sm90", "dg-nv-sm90", "dg-nv-sm100", "dg-nv-sm120"),
    "flashmla": ("2026", "2025"),
    "aiter": ("fast", "intra", "intra-gfx942"),
}
COLUMNS = {"paged_mqa_schedule": 2, "tile_scheduler_metadata": 8, "work_info_set": 8, "reduce_final_map": 2}
UNUSED = {"2026": (7,), "2025": (5, 6, 7)}  # words of a row that FlashMLA leaves as they were
MAY_BE_UNWRITTEN = {"reduce_final_map": (0, 1), "work_info_set": (7,)}  # by aiter: of entries in one piece; no use
UNWRITTEN = -0x12345678  # in buffers before they are filled: no word of a plan


class NotShown(Exception):
    """This version of a library has a plan, if any, where nobody can read it."""


def problems():
    """20 lists of lengths, the same in each run.

    Presets differ in empty requests and in what is left over, so sizes are mixed. Of empty requests alone there are
    only 5: with a multiple of 32 a DeepGEMM of 2026 reads past its memory.
    """
    draw = random.Random(20)
    of_all_sizes = lambda: draw.choice((0, draw.randint(1, 64), draw.randint(65, 1000), draw.randint(1001, 40000)))
    return [[0] * 5, [1], [64], [131072], [0, 131072, 1], [256] * 33, [4096] * 7, [300] * 300,
            [1] * 127 + [131072], [128, 129, 256, 257, 512, 513],
            *([of_all_sizes() for _ in range(size)] for size in (2, 4, 8, 17, 33, 64, 100, 128, 200, 300))]


def on_gpu(values):
    import torch
    return torch.tensor(values, dtype=torch.int32, device="cuda")


def begin_of(error):
    """Its first line: those of CUDA have many."""
    return f"{error}".partition("\n")[0]


def function_of(library, name):
    if not hasattr(library, name):
        raise NotShown(f"has no {name}")
    return getattr(library, name)


# Each makes the library's plan of a problem: the lengths that it took, the constants by which a preset makes the same,
# and the buffers, flat.

def deep_gemm_plan(library, lengths, number):
    schedule_of = function_of(library, "get_paged_mqa_logits_metadata")
    parts, next_n = library.get_num_sms(), 1 + number % 4
    seen_by_rows = [[max(0, length - next_n + 1 + row) for row in range(next_n)] for length in lengths]
    try:
        schedule = schedule_of(on_gpu(seen_by_rows), 64, parts)
    except Exception as refused:
        try:  # until 2026 it took a vector
            schedule = schedule_of(on_gpu(lengths), 64, parts)
        except Exception:
            raise refused from None
    return lengths, {"num_sms": parts, "next_n": next_n}, {"paged_mqa_schedule": schedule.flatten().tolist()}


def flash_mla_plan(library, lengths, number):
    query_heads = 64 * (1 + number % 4)  # of one head of keys: of this depends how many parts there are
    tiles, splits = function_of(library, "get_mla_metadata")(on_gpu(lengths), query_heads, 1)
    if not hasattr(tiles, "tolist"):
        raise NotShown("makes its plan inside the attention kernel, as FlashMLA does since 2026")
    return lengths, {"num_sm_parts": len(tiles)}, {"tile_scheduler_metadata": tiles.flatten().tolist(),
                                                   "num_splits": splits.tolist()}


def aiter_plan(library, lengths, number, fast):
    import torch
    fill_works = function_of(library, "get_mla_metadata_v1")
    page_size, granularity = (1, 16) if number % 2 else (64, 1)
    topk = 2048 if fast and number % 4 > 1 else -1
    most_splits = -1 if fast and number % 3 else 32
    if not fast:  # which divides by zero below 196 pages
        lengths = [max(length, 196 * page_size) for length in lengths]
    pages = [-(-length // page_size) for length in lengths]
    ends = on_gpu(list(itertools.accumulate(pages, initial=0)))
    last_pages = on_gpu([(length - 1) % page_size + 1 for length in lengths])
    rows, works = len(lengths), 16 * len(lengths) + 2048
    # The number of compute units is aiter's choice: it is seen by what is written of work_indptr.
    sizes = {"work_info_set": (works, 8), "work_indptr": (2048,), "reduce_indptr": (rows + 1,),
             "reduce_final_map": (rows, 2), "reduce_partial_map": (works,)}
    made = {name: torch.full(shape, UNWRITTEN, dtype=torch.int32, device="cuda") for name, shape in sizes.items()}
    pointers = torch.empty(2, dtype=torch.uint64, device="cuda")
    fill_works(on_gpu(list(range(rows + 1))), ends, last_pages, 16, 1, False, pointers, *made.values(),
               page_size=page_size, kv_granularity=granularity, max_seqlen_qo=1, uni_seqlen_qo=1, fast_mode=fast,
               topk=topk, max_split_per_batch=most_splits, intra_batch_mode=not fast)
    buffers = {name: words.flatten().tolist() for name, words in made.items()}
    constants = {"num_cu": sum(word != UNWRITTEN for word in buffers["work_indptr"]) - 1, "page_size": page_size,
                 "kv_granularity": granularity, "topk": max(0, topk), "max_splits": max(0, most_splits)}
    return lengths, constants, buffers


def first_difference(kind, preset, lengths, constants, theirs):
    """As text, "" where there is none. Words that a library need not write are passed over where it did not."""
    ours = {name: array("i", [UNWRITTEN]) * len(words) for name, words in theirs.items()}
    fill("decode", array("i", lengths), plans=[{"kind": kind, "preset": preset, **constants, **ours}])
    for name, words in theirs.items():
        columns = COLUMNS.get(name, 1)
        for i, (their, our) in enumerate(zip(words, ours[name])):
            unused = name == "tile_scheduler_metadata" and i % columns in UNUSED[preset]
            unused |= their == UNWRITTEN and i % columns in MAY_BE_UNWRITTEN.get(name, ())
            if their != our and not unused:
                place = f"{i // columns}, {i % columns}" if columns > 1 else i
                return f"{name}[{place}] is {their}, and {our} by {preset}"
    return ""


def compare(kind, plan_of):
    """What is equal, as text, and whether a preset is."""
    differences = {preset: [] for preset in PRESETS[kind]}
    given = problems()
    for number, lengths in enumerate(given, 1):
        try:
            made = plan_of(lengths, number)
            for preset, found in differences.items():
                if where := first_difference(kind, preset, *made):
                    found.append(f"problem {number}, {where}")
        except NotShown as why:
            return f"nothing to compare: it {why}", True
        except Exception as error:  # whatever another's code raises
            return f"problem {number} raised {type(error).__name__}: {begin_of(error)}", False
    equal = [preset for preset, found in differences.items() if not found]
    if equal:
        return f"equals {', '.join(equal)} on all {len(given)} problems", True
    best = min(differences, key=lambda preset: len(differences[preset]))
    return (f"no preset equals it; {best} does on {len(given) - len(differences[best])} of {len(given)} problems; "
            f"first difference: {differences[best][0]}"), False


def version_of(library):
    """Of its distribution, which often names a commit too."""
    for distribution in importlib.metadata.packages_distributions().get(library.__name__, []):
        return importlib.metadata.version(distribution)
    return getattr(library, "__version__", "of unknown version")


CHECKS = (
    ("DeepGEMM", "deep_gemm", {"": ("paged_mqa_schedule", deep_gemm_plan)}),
    ("FlashMLA", "flash_mla", {"": ("flashmla", flash_mla_plan)}),
    ("aiter", "aiter", {", fast": ("aiter", lambda *problem: aiter_plan(*problem, fast=True)),
                        ", intra": ("aiter", lambda *problem: aiter_plan(*problem, fast=False))}),
)


def main():
    result = 0
    for title, module, forms in CHECKS:
        try:
            library = importlib.import_module(module)
        except Exception as error:  # also a library that is there and does not load
            print(f"{title}: not importable: {begin_of(error)}")
            continue
        for form, (kind, plan_of) in forms.items():
            text, fine = compare(kind, lambda *problem: plan_of(library, *problem))
            print(f"{title} {version_of(library)}{form}: {text}")
            result |= not fine
    return result


if __name__ == "__main__":
    sys.exit(main())
