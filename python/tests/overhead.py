#!/usr/bin/env python3
"""What a call from Python adds to nsameta_fill: the same batch from both, in turns, as one line a batch.

  overhead.py [--torch] [--limit NANOSECONDS]   fails when the addition is more

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
REPETITIONS, CALLS = 150, 500
WIDTH = 1024


def compile_c_side(folder):
    library = next(pathlib.Path(nsameta.__file__).parent.glob("libnsameta.so*"))
    built = pathlib.Path(folder) / "overhead.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", f"-I{HERE.parent.parent / 'core/include'}", HERE / "overhead.c",
                    library, "-o", built], check=True)
    return ctypes.CDLL(str(built))


def from_c(function, inputs, outputs, requests, size):
    def pointers(arrays):
        return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
    function.restype = ctypes.c_double
    return function(pointers(inputs), pointers(outputs), ctypes.c_int64(requests), ctypes.c_int64(size), CALLS)


def from_python(call, inputs, outputs):
    begin = time.perf_counter()
    for _ in range(CALLS):
        call(*inputs, *outputs)
    return (time.perf_counter() - begin) / CALLS


def draft_extend(seq_lens, extend_seq_lens, cache, sums, expanded, clamped):
    nsameta.fill("draft_extend", seq_lens, extend_seq_lens=extend_seq_lens, cache_seqlens=cache, cu_seqlens_k=sums,
                 seqlens_expanded=expanded, nsa_cache_seqlens=clamped)


def decode_tables(seq_lens, slots, tokens, cache, sums, clamped, clamped_sums, table, pages):
    nsameta.fill("decode", seq_lens, req_pool_indices=slots, req_to_token=tokens, cache_seqlens=cache,
                 cu_seqlens_k=sums, nsa_cache_seqlens=clamped, nsa_cu_seqlens_k=clamped_sums, page_table_1=table,
                 real_page_table=pages)


def batches():
    """(name, call, inputs, outputs, requests, size of the C side)."""
    def new(*shape):
        return numpy.zeros(shape, numpy.int32)
    for requests in (1, 8, 32):
        seq_lens, extend, slots = new(requests) + 100, new(requests) + 4, numpy.arange(requests, dtype=numpy.int32)
        cache, sums = new(requests), new(requests + 1)
        yield ("draft_extend", draft_extend, (seq_lens, extend), (cache, sums, new(4 * requests), new(4 * requests)),
               requests, 4 * requests)
        yield ("decode_tables", decode_tables, (seq_lens, slots, new(requests, WIDTH)),
               (cache, sums, new(requests), new(requests + 1), new(requests, WIDTH), new(requests, WIDTH // 64)),
               requests, WIDTH)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float)
    parser.add_argument("--torch", action="store_true", help="torch tensors too")
    options = parser.parse_args()
    libraries = {"numpy": lambda array: array}
    if options.torch:
        import torch
        libraries["torch"] = torch.from_numpy
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        c_side = compile_c_side(folder)
        for name, call, inputs, outputs, requests, size in batches():
            for library, convert in libraries.items():
                arrays = [list(map(convert, group)) for group in (inputs, outputs)]
                from_python(call, *arrays)
                pairs = [(from_c(getattr(c_side, name), inputs, outputs, requests, size), from_python(call, *arrays))
                         for _ in range(REPETITIONS)]
                c, python = (1e9 * min(column) for column in zip(*pairs))
                print(f"{name:13} {requests:3} requests, {len(inputs) + len(outputs)} arrays of {library}: "
                      f"C {c:5.0f} ns, Python {python:5.0f} ns, added {python - c:5.0f} ns")
                failed |= options.limit is not None and python - c > options.limit
    return failed


if __name__ == "__main__":
    sys.exit(main())
