#!/usr/bin/env python3
"""What a call from Python adds to nsameta_fill: the same batch from both, in turns, as one line a batch.

  overhead.py [--limit NANOSECONDS]   fails when the addition is more

The C side is compiled here, with cc, against the installed package's library: what it takes holds no Python at all.
"""
import argparse
import ctypes
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

import nsameta

HERE = pathlib.Path(__file__).resolve().parent
REPETITIONS, CALLS = 25, 4_000


def compile_c_side(folder):
    library = next(pathlib.Path(nsameta.__file__).parent.glob("libnsameta.so*"))
    built = pathlib.Path(folder) / "overhead.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", f"-I{HERE.parent.parent / 'core/include'}", HERE / "overhead.c",
                    library, "-o", built], check=True)
    function = ctypes.CDLL(str(built)).seconds_a_call
    function.restype = ctypes.c_double
    return function


def address(array):
    return ctypes.c_void_p(array.ctypes.data)


def from_c(function, seq_lens, extend, outputs):
    out = (ctypes.c_void_p * len(outputs))(*(array.ctypes.data for array in outputs))
    return function(address(seq_lens), address(extend), ctypes.c_int64(len(seq_lens)), out,
                    ctypes.c_int64(len(outputs[0])), CALLS)


def from_python(seq_lens, extend, outputs):
    expanded, clamped, cache, sums = outputs
    fill = nsameta.fill
    begin = time.perf_counter()
    for _ in range(CALLS):
        fill("draft_extend", seq_lens, extend_seq_lens=extend, seqlens_expanded=expanded, nsa_cache_seqlens=clamped,
             cache_seqlens=cache, cu_seqlens_k=sums)
    return (time.perf_counter() - begin) / CALLS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float)
    parser.add_argument("--torch", action="store_true", help="torch tensors too")
    options = parser.parse_args()
    if options.torch:
        import torch
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        function = compile_c_side(folder)
        for requests in (1, 8, 32):
            seq_lens = numpy.full(requests, 1000, numpy.int32)
            extend = numpy.full(requests, 4, numpy.int32)
            outputs = [numpy.empty(size, numpy.int32) for size in (4 * requests, 4 * requests, requests, requests + 1)]
            libraries = {"numpy": (seq_lens, extend, outputs)}
            if options.torch:
                libraries["torch"] = (torch.from_numpy(seq_lens), torch.from_numpy(extend),
                                      [torch.from_numpy(array) for array in outputs])
            for name, arrays in libraries.items():
                from_python(*arrays)
                pairs = [(from_c(function, seq_lens, extend, outputs), from_python(*arrays))
                         for _ in range(REPETITIONS)]
                c, python = (1e9 * min(column) for column in zip(*pairs))
                print(f"{requests:4} requests, 6 {name} arrays: C {c:6.0f} ns, Python {python:6.0f} ns, "
                      f"added {python - c:6.0f} ns")
                failed |= options.limit is not None and python - c > options.limit
    return failed


if __name__ == "__main__":
    sys.exit(main())
