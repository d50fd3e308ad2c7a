"""Batches on a device with everybody who can fill them."""
import functools
import random

import torch

import torch_baselines

try:
    import triton
    import triton_baselines
except ImportError:
    triton = None

WIDTH = 163_911  # columns of the page tables: a context of 163,840 and some draft tokens
TOPK, PAGE = 2048, 64


def triton_version():
    return triton.__version__ if triton else None


class Batch:
    """`contestants`: by name, calls without arguments, each with outputs of its own."""

    def __init__(self, name, requests, rows, fields):
        self.name, self.requests, self.rows, self.bytes = name, requests, rows, 0
        self.contestants, self._outputs = {}, {}
        self.slow, self.capturable = set(), set()
        self._fields = fields  # by name: (shape, live part of a tensor of that shape)

    def add(self, name, fields, make_call, capturable=False, slow=False):
        """`make_call(outputs)` makes the call; `outputs` are new buffers of the named fields."""
        outputs = {field: self._fields[field][0]() for field in fields}
        self.contestants[name] = make_call(outputs)
        self._outputs[name] = outputs
        if capturable:
            self.capturable.add(name)
        if slow:
            self.slow.add(name)

    def check(self):
        """Every contestant gives what nsameta gives, in the live part of each of its fields."""
        for name, call in self.contestants.items():
            call()
        expected = self._outputs["nsameta_engine"]
        for name, outputs in self._outputs.items():
            for field, tensor in outputs.items():
                live = self._fields[field][1]
                if not torch.equal(live(tensor), live(expected[field])):
                    raise RuntimeError(f"{self.name}: {name} differs from nsameta in {field}")
        self.bytes = sum(4 * self._fields[field][1](tensor).numel() for field, tensor in expected.items())


ENGINE = ("cache_seqlens", "cu_seqlens_k", "seqlens_expanded", "nsa_cache_seqlens", "nsa_cu_seqlens_k")
TWO = ("seqlens_expanded", "nsa_cache_seqlens")


def _vector_fields(device, requests, rows, row_capacity):
    def field(capacity, live):
        return lambda: torch.full((capacity,), -1, dtype=torch.int32, device=device), lambda tensor: tensor[:live]
    return {"cache_seqlens": field(requests, requests), "cu_seqlens_k": field(requests + 1, requests + 1),
            "seqlens_expanded": field(row_capacity, rows), "nsa_cache_seqlens": field(row_capacity, rows),
            "nsa_cu_seqlens_k": field(row_capacity + 1, rows + 1)}


def _nsameta(library, device, mode, seq_lens, **inputs):
    def make(outputs):
        call = library.call(mode, seq_lens, outputs, **inputs)
        if device.type == "cpu":
            return call.fill
        stream, index = torch._C._cuda_getCurrentRawStream, device.index  # what Triton's launcher calls
        return lambda: call.fill(stream(index))
    return make


def draft_extend(library, device, requests, context=8192):
    """1 to 8 rows a request, contexts to `context`, buffers for 8 rows a request."""
    tensor = functools.partial(torch.tensor, dtype=torch.int32, device=device)
    queries = [random.randint(1, 8) for _ in range(requests)]
    seq_lens = tensor([random.randint(1, context) for _ in range(requests)])
    extend = tensor(queries)
    capacity = 8 * requests
    positions = torch.arange(capacity, dtype=torch.int32, device=device)
    made = Batch(f"draft_extend/bs:{requests}", requests, sum(queries),
                 _vector_fields(device, requests, sum(queries), capacity))
    fill = _nsameta(library, device, "draft_extend", seq_lens, extend_seq_lens=extend)
    made.add("nsameta", TWO, fill, capturable=True)
    made.add("nsameta_engine", ENGINE, fill, capturable=True)

    def two(function, *more):
        return lambda out: lambda: function(seq_lens, extend, TOPK, *(out[field] for field in TWO), *more)
    made.add("loop", TWO, two(torch_baselines.loop), slow=True)
    made.add("torch_repeat", TWO, two(torch_baselines.repeat, positions))
    made.add("torch_search", TWO, two(torch_baselines.search, positions), capturable=True)
    if triton:
        made.add("triton_linear", TWO, two(triton_baselines.linear))
        made.add("triton_fused", ENGINE,
                 lambda out: lambda: triton_baselines.fused_draft_extend(seq_lens, extend, TOPK, out),
                 capturable=True)
    return made


def decode_tables(library, device, requests, width, live):
    """`live` positions a request; slots in random order, full of random tokens."""
    seq_lens = torch.full((requests,), live, dtype=torch.int32, device=device)
    slots = torch.randperm(requests).to(torch.int32).to(device)
    req_to_token = torch.randint(0, 1 << 24, (requests, width), dtype=torch.int32, device=device)

    def table(columns, live_columns):
        return (lambda: torch.full((requests, columns), -1, dtype=torch.int32, device=device),
                lambda tensor: tensor[:, :live_columns])
    fields = _vector_fields(device, requests, requests, requests)
    fields["page_table_1"] = table(width, live)
    fields["real_page_table"] = table(-(-width // PAGE), -(-live // PAGE))
    made = Batch(f"decode_tables/live:{live}/bs:{requests}", requests, requests, fields)
    made.add("nsameta_engine", tuple(fields), _nsameta(library, device, "decode", seq_lens, req_pool_indices=slots,
                                                       req_to_token=req_to_token), capturable=True)
    if triton:
        made.add("triton_fused", tuple(fields),
                 lambda out: lambda: triton_baselines.fused_decode(seq_lens, slots, req_to_token, TOPK, PAGE, out),
                 capturable=True)
    return made
