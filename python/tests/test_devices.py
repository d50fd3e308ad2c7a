"""Where arrays are and on which stream, told by a producer of DLPack that is nothing else: no device is needed."""
import sys

import numpy as np
import pytest

import nsameta

CPU, CUDA, CUDA_HOST, METAL, ROCM = 1, 2, 3, 8, 10


class Shown:
    """An array that says it is on some device, though its memory is not."""

    def __init__(self, device, index=0, values=(3, 4)):
        self._device, self._memory, self.streams = (device, index), np.array(values, np.int32), []

    def __dlpack_device__(self):
        return self._device

    def __dlpack__(self, **asked):
        self.streams.append(asked.get("stream"))
        return self._memory.__dlpack__()


def decision(*, stream=None, lengths, out):
    return nsameta.explain("decode", lengths, cache_seqlens=out, stream=stream)


@pytest.mark.parametrize("device, given, asked", [(CPU, None, None), (CUDA_HOST, None, None), (CUDA, None, 1),
                                                  (CUDA, 0, 1), (CUDA, 77, 77), (ROCM, None, 0), (ROCM, 77, 77)])
def test_producers_are_told_the_stream(device, given, asked):
    lengths, out = Shown(device), Shown(device)
    decision(lengths=lengths, out=out, stream=given)
    assert lengths.streams == out.streams == [asked]


def test_the_arrays_decide_on_the_backend():
    codes = {each["candidate"].split("/")[0]: each["why"] for each in
             decision(lengths=Shown(CUDA), out=Shown(CUDA))["rejections"]}
    assert codes["cpu"] == "the target is cuda" and codes["hip"] == "the target is cuda"
    assert decision(lengths=Shown(CUDA_HOST), out=Shown(CPU))["backend"] == "cpu"
    pinned = decision(lengths=Shown(CUDA_HOST), out=Shown(CUDA))["rejections"]  # pinned memory goes with a device
    assert "the target is cuda" in {each["why"] for each in pinned}


@pytest.mark.parametrize("lengths, out, text", [
    (Shown(CPU), Shown(CUDA, 1), "cache_seqlens is on cuda:1, but seq_lens on the CPU"),
    (Shown(CUDA), Shown(CPU), "cache_seqlens is on the CPU, but seq_lens on cuda:0"),
    (Shown(CUDA, 0), Shown(CUDA, 1), "cache_seqlens is on cuda:1, but seq_lens on cuda:0"),
    (Shown(ROCM), Shown(CUDA), "cache_seqlens is on cuda:0, but seq_lens on hip:0"),
    (Shown(METAL), Shown(CPU), "seq_lens is on a device of DLPack type 8"),
])
def test_mixed_and_unknown_devices_are_refused(lengths, out, text):
    with pytest.raises(nsameta.InvalidArgument, match=text):
        decision(lengths=lengths, out=out)


def test_what_the_producer_throws_is_told():
    class Broken(Shown):
        def __dlpack__(self, **asked):
            raise BufferError("gone")
    with pytest.raises(nsameta.InvalidArgument, match="seq_lens cannot be had through DLPack: gone"):
        decision(lengths=Broken(CPU), out=Shown(CPU))


def test_a_device_that_is_none_is_refused():
    with pytest.raises(nsameta.InvalidArgument, match=r"seq_lens has the DLPack device \('cpu', 0\), not two integers"):
        decision(lengths=Shown("cpu"), out=Shown(CPU))


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("method", ["__dlpack__", "__index__", pytest.param("__buffer__", marks=pytest.mark.skipif(
    sys.version_info < (3, 12), reason="a buffer of a Python class needs Python 3.12"))])
def test_what_says_nothing_of_the_array_is_passed_on(method, error):
    def fail(*args, **kwargs):
        raise error
    failing = type("Failing", (Shown,), {method: fail})(CPU)
    with pytest.raises(error):
        if method == "__index__":
            nsameta.fill("decode", np.zeros(1, np.int32), page_size=failing)
        else:
            decision(lengths=failing, out=Shown(CPU))
