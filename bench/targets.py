"""The performance targets as data, and how a run's groups answer them.

A time is named "GROUP CONTESTANT". A target compares times of one run: a ratio, or a difference. Some are of a time
itself. Where a target holds for many sizes, the worst one counts.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    line: str                # of the table of targets
    case: str
    limit: float
    pairs: tuple             # ((over, under), ...), each a time's name; ((time,), ...) of a time itself
    sense: str = "<="
    difference: bool = False  # over - under, in the group's unit, in place of over / under


def _pair(group, *contestants):
    return tuple(f"{group} {contestant}" for contestant in contestants)


# How fills were launched in older runs: as usual, or overlapping, which has become usual.
_LAUNCHES = (("", ""), ("_overlap", "; overlapping"))


def _vector_nodes():
    line = "vector fields, ragged draft_extend, graph node, x the floor node"
    for requests, limit in ((32, 2.4), (256, 3.0), (1024, 4.0), (4096, 5.5), (32768, 8.0)):
        for contestant, fields in (("engine", "the engine's five fields"), ("two", "two fields")):
            for suffix, launch in _LAUNCHES if contestant == "two" or requests > 512 else ():  # else: the grid
                yield Target(line, f"bs {requests}, {fields}{launch}", limit,
                             (_pair(f"cuda/node/draft_extend/bs:{requests}", contestant + suffix, "floor"),))


def _steps(every):
    """`every(prefix, over, under, wanted)`: pairs of the groups whose `wanted(tables, live, requests)` is true."""
    line = "step, graph node, x the fused Triton kernel's"
    yield Target(line, "worst point of the grid", 1, every("step/node/", "nsameta", "peer"))
    yield Target(line, "none or one table, worst from bs 16 on", 0.5, every(
        "step/node/", "nsameta", "peer", lambda tables, live, requests: tables < 2 and requests >= 16))
    yield Target(line, "ragged draft_extend, none or one table, worst from bs 256 on", 0.1, every(
        "step/node/ragged", "nsameta", "peer", lambda tables, live, requests: tables < 2 and requests >= 256))
    yield Target("step, called from Python, x the fused Triton kernel's", "worst of bs 1, 32 and 512", 0.3,
                 every("step/call/", "nsameta", "peer"))
    yield Target("step, graph node, int64 lengths and slots x int32", "worst point of the grid", 1.03,
                 every("step/node/", "nsameta", "nsameta_int32"))

    line = "step, live 1,000, graph node, us over the empty node"
    for number, what, limit in ((0, "vectors alone", 0.7), (1, "one table", 1)):
        pairs = every("step/node/", "nsameta", "floor", lambda tables, live, requests, number=number:
                      tables == number and live == 1000 and requests <= 32)
        yield Target(line, f"{what}, worst to bs 32", limit, pairs, difference=True)
    for modes, what, limits in ((("decode",), "decode", (1, 1.2, 1.4, 2, 2.7)),
                                (("target_verify", "draft_extend"), "4 rows a request", (1.3, 1.4, 1.8, 3.2, 5))):
        for size, limit in zip((1, 16, 64, 256, 512), limits):
            pairs = tuple(_pair(f"step/node/{mode}/tables:2/live:1000/bs:{size}", "nsameta", "floor") for mode in modes)
            yield Target(line, f"both tables, {what}, bs {size}", limit, pairs, difference=True)

    line = "step, both tables, live 62,000, graph node, x a device copy of the same bytes"
    for mode, size, limit in (("decode", 64, 1.35), ("decode", 256, 1.2), ("decode", 512, 1.15),
                              ("target_verify", 64, 0.72), ("target_verify", 256, 0.65),  # 0.8 of commit 20cb8c7
                              ("draft_extend", 64, 0.72), ("draft_extend", 256, 0.65)):
        yield Target(line, f"{mode}, bs {size}", limit,
                     (_pair(f"step/node/{mode}/tables:2/live:62000/bs:{size}", "nsameta", "copy"),))


def _plans():
    """Of lengths uniform to 16,000. One step of the chain is the launch of three plans."""
    limits = {1: 6, 32: 7, 128: 10, 512: 9, 2048: 19}

    def at(size, *contestants):
        return _pair(f"cuda/node/plans/uniform/bs:{size}", *contestants)

    for size, limit in limits.items():
        yield Target("three plans in one launch, lengths to 16,000, graph node, us", f"bs {size}", limit,
                     (at(size, "plans"),))
    yield Target("three plans in a launch each, graph node, x the one launch", "worst size", 4,
                 tuple(at(size, "separate", "plans") for size in limits), ">=")
    yield Target("a whole step with three plans, graph node, x the plans alone", "worst size", 1.25,
                 tuple(at(size, "step", "plans") for size in limits))
    yield Target("five draft steps with three plans each, graph node, x one step's plans", "bs 32", 2,
                 (at(32, "chain", "plans"),))


def _eager():
    line = "against other ways, bs 32, eager: their time over nsameta's"
    step = "python/call/draft_extend/bs:32"
    from_c = "cuda/call/draft_extend/bs:32 two"
    for contestant, name, limit in (("loop", "Python loop", 60), ("torch_repeat", "vectorised PyTorch", 20),
                                    ("torch_search", "vectorised PyTorch without a wait", 20),
                                    ("triton_linear", "Triton, linear search", 8)):
        yield Target(line, f"{name}; called from C", limit, ((f"{step} {contestant}", from_c),), ">=")
        yield Target(line, f"{name}; called through ctypes", limit, (_pair(step, contestant, "nsameta"),), ">=")
    scan = "cuda/call/draft_extend/bs:32 scan_read_back"
    yield Target(line, "CUDA scan, read-back, search; called from C", 7, ((scan, from_c),), ">=")
    yield Target(line, "CUDA scan, read-back, search; called through ctypes", 7, ((scan, f"{step} nsameta"),), ">=")


def _cpu():
    for group, case in (("cpu/draft_extend/bs:32", "the same batch again and again"),
                        ("cpu/draft_extend_in_turns/bs:32", "64 batches in turns")):
        yield Target("CPU, bs 32 x 1 to 4 rows, x memset", case, 3, (_pair(group, "chosen", "memset"),))
    for rows, name, limit in ((1_000_000, "1e6", 1.15), (15_000_000, "1.5e7", 1.1)):
        yield Target(f"CPU, {name} rows, x parallel memset", f"{name} rows", limit,
                     (_pair(f"cpu/long_rows/rows:{rows}", "chosen", "memset_tbb"),))


def all_targets(group_names):
    """The targets; those over all sizes look at the groups that the run has."""
    def every(prefix, over, under, wanted=None):
        return tuple(_pair(name, over, under) for name in group_names if name.startswith(prefix)
                     and (wanted is None or wanted(*(int(part.split(":")[1]) for part in name.split("/")[3:]))))

    small = ("cpu/draft_extend/bs:1", "cpu/draft_extend/bs:32", "cpu/draft_extend_in_turns/bs:32")
    return [
        *(Target("call from C, pipelined, no tables, x a raw empty launch", f"worst mode and bs to 1,024{launch}", 1.05,
                 every("cuda/call/", "engine" + suffix, "launch")) for suffix, launch in _LAUNCHES),
        *_vector_nodes(),
        Target("1e6 requests, 1e8 rows, two fields, memset's time over its own", "share of memset bandwidth", 0.9,
               (_pair("cuda/node/long_rows/rows:100000000", "memset", "two"),), ">="),
        *_steps(every),
        *_plans(),
        *_eager(),
        Target("first call after nsameta_warmup, x the median", "until the call returns", 3,
               (_pair("cuda/first_call", "first", "later"),)),
        Target("first call after nsameta_warmup, x the median", "until the result is there", 3,
               (_pair("cuda/first_call", "first_done", "later_done"),)),
        *_cpu(),
        Target("CPU, never slower than serial because of TBB", "worst size", 1.05, every("cpu/", "chosen", "serial")),
        Target("CPU, a step after a pause, x the better of one thread and oneTBB", "worst point of the grid", 1.05,
               every("cpu_step/", "chosen", "better")),
        Target("CPU, dispatch over calling the backend, ns", "worst of bs 1 and 32", 20,
               tuple(_pair(group, "nsameta_fill", "chosen") for group in small), difference=True),
    ]


def _value(target, medians, pair):
    if not all(name in medians for name in pair):
        return None
    over, *under = (medians[name] for name in pair)
    if not under:
        return over
    return over - under[0] if target.difference else over / under[0]


def evaluate(groups, reasons):
    """The targets with value and verdict. `reasons` says why a part ("cuda", "python", "cpu") was not run."""
    medians = {f"{name} {contestant}": time["median"]
               for name, group in groups.items() for contestant, time in group["times"].items()}
    # The floor is the lowest of the run, from C or from Python: in turns with larger kernels an empty one takes longer.
    for part in ("cuda/", "step/"):
        floors = [name for name in medians if name.startswith(part) and name.endswith(" floor")]
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
                       "of": list(worst)}
            if "worst" in target.case:
                answer["note"] = worst[0].split(" ")[0]
        else:
            names = [name for pair in target.pairs for name in pair]
            missing = next((reasons[name.split("/")[0]] for name in names if name.split("/")[0] in reasons), None)
            if not names:
                first = target.line.split()[0].strip(",").lower()
                missing = reasons.get(first if first in ("cpu", "step") else "cuda")
            answer |= {"value": None, "verdict": "not run", "reason": missing or "not among what this run measured"}
        answers.append(answer)
    return answers
