"""The grid of an engine's steps: nsameta, the fused Triton kernel, an empty kernel and a copy, in the same turns.

A point is a mode, the page tables that are filled (none, real_page_table alone, both), the positions that each request
has, and the number of requests. All fill the engine's vectors. Lengths and slots are int64 unless a name says int32.
"""
import random

import torch

import nsameta_ctypes
from batches import on_stream

try:
    import triton_baselines
except ImportError:
    triton_baselines = None

WIDTH = 163_911  # columns of the page tables: a context of 163,840 and some draft tokens
TOPK, PAGE, UNIFORM, MOST_EACH = 2048, 64, 4, 8
VECTORS = ("cache_seqlens", "cu_seqlens_k", "seqlens_expanded", "nsa_cache_seqlens", "nsa_cu_seqlens_k")
TABLES = {0: (), 1: ("real_page_table",), 2: ("page_table_1", "real_page_table")}
MODES = ("decode", "target_verify", "draft_extend", "ragged_draft_extend")
SIZES, LIVE = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512), (1_000, 8_000, 62_000)
CALLED = (1, 32, 512)  # eager calls: at these sizes, with one table and the shortest requests


def points(quick):
    """(mode, tables, live, requests) of the grid."""
    sizes, lives = (SIZES[::5], LIVE[:1]) if quick else (SIZES, LIVE)
    return [(mode, tables, live, requests) for mode in MODES for tables in TABLES
            for live in (lives if tables else LIVE[:1]) for requests in sizes]


def small_points():
    """For a check alone: few, with requests shorter than their queries among them."""
    return [(mode, tables, live, requests) for mode in MODES for tables in TABLES for live in (3, 700)
            for requests in (1, 5)]


class Memory:
    """What is allocated once: the engine's pool of tokens, and tables with room for every point of a grid."""

    def __init__(self, device, slots, width):
        self.device, self.width = device, width
        self.req_to_token = torch.randint(0, 1 << 24, (slots, width), dtype=torch.int32, device=device)
        rows = slots * MOST_EACH
        self._tables = {"page_table_1": torch.empty((rows, width), dtype=torch.int32, device=device),
                        "real_page_table": torch.empty((rows, -(-width // PAGE)), dtype=torch.int32, device=device)}

    def table(self, field, rows):
        return self._tables[field][:rows]

    def copy(self, elements):
        """A device copy of so many elements, between the halves of page_table_1. Whole pages: others take longer."""
        flat = self._tables["page_table_1"].view(-1)
        whole, half = -(-elements // 1024) * 1024, len(flat) // 2048 * 1024
        to, source = flat[:whole], flat[half:half + whole]
        return lambda: to.copy_(source)


class Step:
    """One point of the grid. `contestants`: by name, calls without arguments; they share the tables."""

    def __init__(self, library, memory, mode, tables, live, requests):
        self.name = f"{mode}/tables:{tables}/live:{live}/bs:{requests}"
        self.mode, self.tables, self.requests, self.memory = mode, tables, requests, memory
        made = random.Random(requests)
        ragged = mode == "ragged_draft_extend"
        self._queries = [made.randint(1, MOST_EACH) if ragged else 1 if mode == "decode" else UNIFORM
                         for _ in range(requests)]
        self.rows = sum(self._queries)
        self._drafts = UNIFORM if mode == "target_verify" else 0
        # Up to 7 positions fewer, so that no request's answer is another's.
        lengths = [max(live - index % 8, 0) for index in range(requests)]
        self._live = [length + self._drafts for length in lengths]
        slots = made.sample(range(len(memory.req_to_token)), requests)
        self._inputs = {name: torch.tensor(values, dtype=torch.int64, device=memory.device) for name, values in (
            ("seq_lens", lengths), ("extend_seq_lens", self._queries), ("req_pool_indices", slots))}
        capacity = MOST_EACH * requests if ragged else self.rows
        sizes = {"cache_seqlens": (requests, requests), "cu_seqlens_k": (requests + 1, requests + 1),
                 "seqlens_expanded": (capacity, self.rows), "nsa_cache_seqlens": (capacity, self.rows),
                 "nsa_cu_seqlens_k": (capacity + 1, self.rows + 1)}
        self._vectors, self._capacity = sizes, capacity
        self.bytes = 4 * sum(live_part for _, live_part in sizes.values())
        elements = sum(length * rows for length, rows in zip(self._live, self._queries))
        if tables:
            self.bytes += 4 * (elements // PAGE + (elements if tables == 2 else 0))
        self._outputs, self.contestants = {}, {}
        self._add_nsameta("nsameta", library, torch.int64)
        self._add_nsameta("nsameta_int32", library, torch.int32)
        if triton_baselines:
            self._add_peer()
            self.contestants["floor"] = triton_baselines.empty
        if tables == 2:
            self.contestants["copy"] = memory.copy(elements)

    def _buffers(self, name):
        self._outputs[name] = {field: torch.empty(room, dtype=torch.int32, device=self.memory.device)
                               for field, (room, _) in self._vectors.items()}
        self._outputs[name] |= {field: self.memory.table(field, self._capacity) for field in TABLES[self.tables]}
        return self._outputs[name]

    def _add_nsameta(self, name, library, dtype):
        inputs = {key: tensor.to(dtype) for key, tensor in self._inputs.items()}
        if self.mode != "ragged_draft_extend":
            del inputs["extend_seq_lens"]
            inputs["uniform_extend_len"] = 0 if self.mode == "decode" else UNIFORM
        if self.tables:
            inputs["req_to_token"] = self.memory.req_to_token
        else:
            del inputs["req_pool_indices"]
        call = library.call(self.mode.removeprefix("ragged_"), inputs.pop("seq_lens"), self._buffers(name),
                            **inputs)
        self.contestants[name] = on_stream(call, self.memory.device)

    def _add_peer(self):
        inputs, out = self._inputs, self._buffers("peer")
        options = {"drafts": self._drafts, "page_size": PAGE}
        if self.mode.endswith("draft_extend"):
            ragged = self.mode.startswith("ragged")
            options |= {"extend_seq_lens": inputs["extend_seq_lens"], "uniform": not ragged,
                        "most_each": MOST_EACH if ragged else UNIFORM}
        if self.tables:
            options |= {"slots": inputs["req_pool_indices"], "req_to_token": self.memory.req_to_token}
        self.contestants["peer"] = lambda: triton_baselines.fused_step(inputs["seq_lens"], out, self.rows, TOPK,
                                                                       **options)

    def _answer(self, name):
        """The live part of what one contestant writes. Of a table: every row up to the longest request, with 0 where a
        row's own length ends."""
        for buffer in self._outputs[name].values():
            buffer.fill_(-1)
        self.contestants[name]()
        found = {}
        for field, buffer in self._outputs[name].items():
            if field in self._vectors:
                found[field] = buffer[:self._vectors[field][1]].clone()
                continue
            each = 1 if field == "page_table_1" else PAGE
            columns = torch.tensor([-(-length // each) for length, rows in zip(self._live, self._queries)
                                    for _ in range(rows)], device=self.memory.device)
            width = int(columns.max())
            live = torch.arange(width, device=self.memory.device)[None, :] < columns[:, None]
            found[field] = buffer[:self.rows, :width] * live
        return found

    def check(self):
        """Every contestant that fills gives what nsameta gives."""
        expected = self._answer("nsameta")
        if any(bool((tensor == -1).any()) for tensor in expected.values()):
            raise RuntimeError(f"{self.name}: nsameta left live elements unwritten")
        for name in self._outputs:
            for field, tensor in self._answer(name).items():
                if not torch.equal(tensor, expected[field]):
                    raise RuntimeError(f"{self.name}: {name} differs from nsameta in {field}")
