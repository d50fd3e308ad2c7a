"""Times on the current CUDA device, of contestants that take turns, in microseconds."""
import time

import torch


def _batch(call, calls):
    begin = time.perf_counter()
    for _ in range(calls):
        call()
    torch.cuda.synchronize()
    return (time.perf_counter() - begin) / calls * 1e6


def call_times(contestants, repetitions):
    """A call from Python: the host's time for many calls and one wait at the end, over their number. As many as take
    about 20 ms, 5 to 500."""
    calls = {}
    for name, call in contestants.items():
        _batch(call, 3)
        calls[name] = max(5, min(500, int(20_000 / _batch(call, 5))))
    samples = {name: [] for name in contestants}
    for _ in range(repetitions):
        for name, call in contestants.items():
            samples[name].append(_batch(call, calls[name]))
    return samples


def node_times(contestants, repetitions):
    """A node of a graph: the events' time around one replay of a graph of many, over their number."""
    graphs = {}
    for name, call in contestants.items():
        trial = max(_batch(call, 5), 0.5)
        nodes = max(5, min(200, int(4_000 / trial)))
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(nodes):
                call()
        graph.replay()
        graphs[name] = (graph, nodes)
    samples = {name: [] for name in contestants}
    for _ in range(repetitions):
        for name, (graph, nodes) in graphs.items():
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            graph.replay()
            end.record()
            end.synchronize()
            samples[name].append(begin.elapsed_time(end) / nodes * 1e3)
    return samples
