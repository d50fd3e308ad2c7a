#!/usr/bin/env python3
"""Times what a user would write in Python, beside nsameta through ctypes, as one JSON object on standard output.

  measure.py --library LIBNSAMETA [--backend cuda[:index][/variant]] [--quick]
  measure.py --library LIBNSAMETA --check [--device cpu]   only compares every answer with nsameta's

Every contestant's answer is compared before it is timed.
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
import stopwatch
from nsameta_ctypes import Library


def group(name, batch, samples):
    return {"name": name, "requests": batch.requests, "rows": batch.rows, "bytes": batch.bytes, "unit": "us",
            "samples": samples}


def measure(made, repetitions, slow_ones):
    """The groups of one batch: calls, and nodes of those that can be captured."""
    contestants = {name: call for name, call in made.contestants.items() if slow_ones or name not in made.slow}
    yield group(f"python/call/{made.name}", made, stopwatch.call_times(contestants, repetitions))
    captured = {name: call for name, call in contestants.items() if name in made.capturable}
    yield group(f"python/node/{made.name}", made, stopwatch.node_times(captured, repetitions))


def all_batches(library, device, quick, check):
    random.seed(20231116)
    sizes = (1, 32, 100) if check else (32, 1024) if quick else (1, 8, 32, 128, 512, 1024, 4096)
    for requests in sizes:
        yield f"draft_extend/bs:{requests}", lambda: batches.draft_extend(library, device, requests)
        if check:  # contexts shorter than their queries
            yield f"draft_extend/short/bs:{requests}", lambda: batches.draft_extend(library, device, requests, 5)
    width = 1_000 if check else batches.WIDTH
    for requests in (1, 5) if check else (1, 512) if quick else (1, 8, 64, 512):
        live = 700 if check else 1_000
        yield (f"decode_tables/live:{live}/bs:{requests}",
               lambda: batches.decode_tables(library, device, requests, width, live))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
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
    groups, failures = [], {}
    for name, make in all_batches(library, device, options.quick, options.check):
        try:
            made = make()
            made.check()
            if not options.check:
                groups += measure(made, 15 if options.quick else 25, slow_ones=made.requests <= 1024)
        except Exception as error:  # whatever a baseline throws: the next batch gets its turn
            failures[f"python/{name}"] = f"{type(error).__name__}: {error}"
    versions = {"torch": torch.__version__, "cuda": torch.version.cuda, "triton": batches.triton_version()}
    print(json.dumps({"versions": versions, "groups": groups,
                      "failures": failures}))
    return bool(failures) and options.check


if __name__ == "__main__":
    sys.exit(main())
