"""The performance targets as data, and how a run's groups answer them.

A time is named "GROUP CONTESTANT". A target compares times of one run: a ratio, or a difference. Where it holds for
many sizes, the worst one counts; where several contestants do the same work, the fastest of them is the yardstick.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    line: str                # of the table of targets
    case: str
    limit: float
    pairs: tuple             # ((over, (under, ...)), ...), each a time's name
    sense: str = "<="
    difference: bool = False  # over - under, in the group's unit, in place of over / under


def _pair(group, over, *under):
    return f"{group} {over}", tuple(f"{group} {name}" for name in under)


# How fills are launched: as usual, or with NSAMETA_TARGET_OVERLAP.
_LAUNCHES = (("", ""), ("_overlap", "; overlapping"))


def _vector_nodes():
    line = "vector fields, ragged draft_extend, graph node, x the floor node"
    for requests, limit in ((32, 2.4), (256, 3.0), (1024, 4.0), (4096, 5.5), (32768, 8.0)):
        for contestant, fields in (("engine", "the engine's five fields"), ("two", "two fields")):
            for suffix, launch in _LAUNCHES:
                yield Target(line, f"bs {requests}, {fields}{launch}", limit,
                             (_pair(f"cuda/node/draft_extend/bs:{requests}", contestant + suffix, "floor"),))


def _uniform_nodes():
    for contestant, fields in (("engine", "the engine's five fields"), ("two", "two fields")):
        for suffix, launch in _LAUNCHES:
            yield Target("uniform width (n = 4), graph node, x the floor node", f"bs 512, {fields}{launch}", 2.6,
                         (_pair("cuda/node/target_verify/n:4/bs:512", contestant + suffix, "floor"),))


def _tables():
    line = "decode, both tables, W 163,911, live 1,000, x the floor node"
    for requests, limit in ((1, 3.5), (512, 6.5)):
        for suffix, launch in _LAUNCHES:
            yield Target(line, f"bs {requests}{launch}", limit,
                         (_pair(f"cuda/node/decode_tables/live:1000/bs:{requests}", "both" + suffix, "floor"),))
    for contestant, limit, line in (("both", 1.15, "same, live 62,000, x a device copy of the same bytes"),
                                    ("real_page_table", 0.35, "same, real_page_table alone, x that copy")):
        for requests in (1, 64, 512):
            for suffix, launch in _LAUNCHES:
                yield Target(line, f"bs {requests}{launch}", limit,
                             (_pair(f"cuda/node/decode_tables/live:62000/bs:{requests}", contestant + suffix, "memcpy",
                                    "copy_kernel"),))


def _eager():
    line = "against other ways, bs 32, eager: their time over nsameta's"
    step = "python/call/draft_extend/bs:32"
    from_c = ("cuda/call/draft_extend/bs:32 two",)
    for contestant, name, limit in (("loop", "Python loop", 60), ("torch_repeat", "vectorised PyTorch", 20),
                                    ("torch_search", "vectorised PyTorch without a wait", 20),
                                    ("triton_linear", "Triton, linear search", 8)):
        yield Target(line, f"{name}; called from C", limit, ((f"{step} {contestant}", from_c),), ">=")
        yield Target(line, f"{name}; called through ctypes", limit, (_pair(step, contestant, "nsameta"),), ">=")
    scan = "cuda/call/draft_extend/bs:32 scan_read_back"
    yield Target(line, "CUDA scan, read-back, search; called from C", 7, ((scan, from_c),), ">=")
    yield Target(line, "CUDA scan, read-back, search; called through ctypes", 7, ((scan, (f"{step} nsameta",)),), ">=")


def _cpu():
    for group, case in (("cpu/draft_extend/bs:32", "the same batch again and again"),
                        ("cpu/draft_extend_in_turns/bs:32", "64 batches in turns")):
        yield Target("CPU, bs 32 x 1 to 4 rows, x memset", case, 3, (_pair(group, "chosen", "memset"),))
    for rows, name, limit in ((1_000_000, "1e6", 1.15), (15_000_000, "1.5e7", 1.1)):
        yield Target(f"CPU, {name} rows, x parallel memset", f"{name} rows", limit,
                     (_pair(f"cpu/long_rows/rows:{rows}", "chosen", "memset_tbb"),))


def all_targets(group_names):
    """The targets; those over all sizes look at the groups that the run has."""
    def every(prefix, over, *under):
        return tuple(_pair(name, over, *under) for name in group_names if name.startswith(prefix))

    small = ("cpu/draft_extend/bs:1", "cpu/draft_extend/bs:32", "cpu/draft_extend_in_turns/bs:32")
    return [
        *(Target("call from C, pipelined, no tables, x a raw empty launch", f"worst mode and bs to 1,024{launch}", 1.05,
                 every("cuda/call/", "engine" + suffix, "launch")) for suffix, launch in _LAUNCHES),
        *_vector_nodes(),
        *_uniform_nodes(),
        Target("1e6 requests, 1e8 rows, two fields, memset's time over its own", "share of memset bandwidth", 0.9,
               (_pair("cuda/node/long_rows/rows:100000000", "memset", "two"),), ">="),
        *_tables(),
        *_eager(),
        Target("first call after nsameta_warmup, x the median", "until the call returns", 3,
               (_pair("cuda/first_call", "first", "later"),)),
        Target("first call after nsameta_warmup, x the median", "until the result is there", 3,
               (_pair("cuda/first_call", "first_done", "later_done"),)),
        *_cpu(),
        Target("CPU, never slower than serial because of TBB", "worst size", 1.05, every("cpu/", "chosen", "serial")),
        Target("CPU, dispatch over calling the backend, ns", "worst of bs 1 and 32", 20,
               tuple(_pair(group, "nsameta_fill", "chosen") for group in small), difference=True),
    ]


def _value(target, medians, pair):
    over, under = pair
    known = [medians[name] for name in under if name in medians]
    if over not in medians or not known:
        return None
    yardstick = min(known)
    return medians[over] - yardstick if target.difference else medians[over] / yardstick


def evaluate(groups, reasons):
    """The targets with value and verdict. `reasons` says why a part ("cuda", "python", "cpu") was not run."""
    medians = {f"{name} {contestant}": time["median"]
               for name, group in groups.items() for contestant, time in group["times"].items()}
    # The floor is the lowest of the run: in turns with larger kernels an empty one takes up to two thirds longer.
    floors = [name for name in medians if name.endswith(" floor")]
    medians |= dict.fromkeys(floors, min((medians[name] for name in floors), default=None))
    answers = []
    for target in all_targets(groups):
        values = {pair: _value(target, medians, pair) for pair in target.pairs}
        known = {pair: value for pair, value in values.items() if value is not None}
        answer = {"line": target.line, "case": target.case, "sense": target.sense, "limit": target.limit}
        if known:
            worst = (max if target.sense == "<=" else min)(known, key=known.get)
            met = known[worst] <= target.limit if target.sense == "<=" else known[worst] >= target.limit
            answer |= {"value": round(known[worst], 4), "verdict": "pass" if met else "miss",
                       "of": [worst[0], *worst[1]]}
            if "worst" in target.case:
                answer["note"] = worst[0].split(" ")[0]
        else:
            names = [name for over, under in target.pairs for name in (over, *under)]
            missing = next((reasons[name.split("/")[0]] for name in names if name.split("/")[0] in reasons), None)
            if not names:
                missing = reasons.get("cpu" if target.line.startswith("CPU") else "cuda")
            answer |= {"value": None, "verdict": "not run", "reason": missing or "not among what this run measured"}
        answers.append(answer)
    return answers
