#!/usr/bin/env python3
"""Times what a user would write in Python, beside nsameta through ctypes, as one JSON object on standard output.

  measure.py --library LIBNSAMETA [--only python|step] [--backend cuda[:index][/variant]] [--quick]
  measure.py --library LIBNSAMETA --check [--device cpu]   only compares every answer with nsameta's

python: calls that expand a draft_extend batch into two fields; step: the grid of an engine's steps, as nodes of a graph
and as calls. Every contestant's answer is compared before it is timed.
"""
import argparse
import json
import random
import sys

try:
    import torch
except ImportError as missing:
    print(json.dumps({"not_run": str(missing)}))
    sys.exit(0)

import batches
import steps
import stopwatch
from nsameta_ctypes import Library


def group(name, batch, samples):
    return {"name": name, "requests": batch.requests, "rows": batch.rows, "bytes": batch.bytes, "unit": "us",
            "samples": samples}


def measure_python(library, device, options):
    sizes = (1, 32, 100) if options.check else (32,) if options.quick else (1, 32, 512)
    for requests in sizes:
        for context in (8192, 5) if options.check else (8192,):  # 5: shorter than their queries
            def measure():
                made = batches.draft_extend(library, device, requests, context)
                made.check()
                if not options.check:
                    yield group(f"python/call/{made.name}", made, stopwatch.call_times(made.contestants, 25))
            yield f"draft_extend/context:{context}/bs:{requests}", measure


def measure_step(library, device, options):
    grid = steps.small_points() if options.check else steps.points(options.quick)
    memory = steps.Memory(device, max(requests for *_, requests in grid), 1_000 if options.check else steps.WIDTH)
    for mode, tables, live, requests in grid:
        def measure():
            step = steps.Step(library, memory, mode, tables, live, requests)
            step.check()
            if options.check:
                return
            yield group(f"step/node/{step.name}", step, stopwatch.node_times(step.contestants, 15))
            if tables == 1 and live == steps.LIVE[0] and requests in steps.CALLED:
                called = {name: step.contestants[name] for name in ("nsameta", "peer") if name in step.contestants}
                yield group(f"step/call/{step.name}", step, stopwatch.call_times(called, 15))
        yield f"{mode}/tables:{tables}/live:{live}/bs:{requests}", measure


PARTS = {"python": measure_python, "step": measure_step}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--only", choices=PARTS, help="one part of the work")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print(json.dumps({"not_run": "torch sees no CUDA device"}))
        return 0
    device = torch.device(options.device, 0)
    library = Library(options.library)
    if options.device == "cuda":
        library.override(options.backend)
    library.warm_up(device)
    random.seed(20231116)
    groups, failures = [], {}
    for part, measured in PARTS.items():
        if options.only not in (None, part):
            continue
        for name, measure in measured(library, device, options):
            try:
                groups += measure()
            except Exception as error:  # whatever a baseline throws: the next batch gets its turn
                failures[f"{part}/{name}"] = f"{type(error).__name__}: {error}"
    versions = {"torch": torch.__version__, "cuda": torch.version.cuda, "triton": batches.triton_version()}
    name = torch.cuda.get_device_name(device) if options.device == "cuda" else "CPU"
    print(json.dumps({"device": {"name": name}, "versions": versions, "groups": groups, "failures": failures}))
    return bool(failures) and options.check


if __name__ == "__main__":
    sys.exit(main())
