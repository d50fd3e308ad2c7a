"""Ways to expand a draft_extend batch into two fields, on a device, with everybody who can."""
import functools
import random

import torch

import torch_baselines

try:
    import triton
    import triton_baselines
except ImportError:
    triton = None

TOPK = 2048
FIELDS = ("seqlens_expanded", "nsa_cache_seqlens")


def triton_version():
    return triton.__version__ if triton else None


class Batch:
    """`contestants`: by name, calls without arguments, each with outputs of its own."""

    def __init__(self, name, requests, rows, capacity, device):
        self.name, self.requests, self.rows, self.bytes = name, requests, rows, 8 * rows
        self.contestants, self._outputs = {}, {}
        self._room = functools.partial(torch.full, (capacity,), -1, dtype=torch.int32, device=device)

    def add(self, name, make_call):
        """`make_call(outputs)` makes the call; `outputs` are new buffers of the two fields."""
        self._outputs[name] = {field: self._room() for field in FIELDS}
        self.contestants[name] = make_call(self._outputs[name])

    def check(self):
        """Every contestant gives what nsameta gives."""
        for name, call in self.contestants.items():
            call()
            for field, tensor in self._outputs[name].items():
                if not torch.equal(tensor[:self.rows], self._outputs["nsameta"][field][:self.rows]):
                    raise RuntimeError(f"{self.name}: {name} differs from nsameta in {field}")


def on_stream(call, device):
    """A call of nsameta without arguments, on the current stream of the device."""
    if device.type == "cpu":
        return call.fill
    stream, index = torch._C._cuda_getCurrentRawStream, device.index  # what Triton's launcher calls
    return lambda: call.fill(stream(index))


def draft_extend(library, device, requests, context):
    """1 to 8 rows a request, contexts to `context`, buffers for 8 rows a request."""
    tensor = functools.partial(torch.tensor, dtype=torch.int32, device=device)
    queries = [random.randint(1, 8) for _ in range(requests)]
    seq_lens = tensor([random.randint(1, context) for _ in range(requests)])
    extend = tensor(queries)
    capacity = 8 * requests
    positions = torch.arange(capacity, dtype=torch.int32, device=device)
    made = Batch(f"draft_extend/bs:{requests}", requests, sum(queries), capacity, device)
    made.add("nsameta", lambda out: on_stream(
        library.call("draft_extend", seq_lens, out, extend_seq_lens=extend), device))

    def way(name, function, *more):
        made.add(name, lambda out: lambda: function(seq_lens, extend, TOPK, *(out[field] for field in FIELDS), *more))
    way("loop", torch_baselines.loop)
    way("torch_repeat", torch_baselines.repeat, positions)
    way("torch_search", torch_baselines.search, positions)
    if triton:
        way("triton_linear", triton_baselines.linear)
    return made
