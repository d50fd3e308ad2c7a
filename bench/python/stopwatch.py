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


def _graph(call, nodes):
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(nodes):
            call()
    return graph


def _replay(graph):
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    graph.replay()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) * 1e3


def node_times(contestants, repetitions):
    """A node of a graph: the events' time around one replay of a graph of many, over their number. As many as take
    about 4 ms, 5 to 200."""
    graphs = {}
    for name, call in contestants.items():
        call()  # loads and compiles, which may not happen inside a capture
        torch.cuda.synchronize()
        trial = _graph(call, 5)
        _replay(trial)
        nodes = max(5, min(200, int(4_000 / (_replay(trial) / 5))))
        graphs[name] = (_graph(call, nodes), nodes)
    warm = time.perf_counter() + 0.02  # the clocks fall while the host prepares
    while time.perf_counter() < warm:
        for graph, _ in graphs.values():
            _replay(graph)
    samples = {name: [] for name in contestants}
    for _ in range(repetitions):
        for name, (graph, nodes) in graphs.items():
            samples[name].append(_replay(graph) / nodes)
    return samples
