"""Where arrays are and on which stream, told by a producer of DLPack that is nothing else: no device is needed."""
import ctypes
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


class Stream:
    """A stream of CUDA's protocol; of torch's and cupy's kinds below."""

    def __cuda_stream__(self):
        return 0, 77


class TorchsStream:
    cuda_stream = 77


class CupysStream:
    ptr = 77


class LaterStream:
    def __cuda_stream__(self):
        return 1, 77


@pytest.mark.parametrize("stream", [Stream(), TorchsStream(), CupysStream(), np.int64(77)])
def test_streams_are_taken_as_what_they_are(stream):
    lengths = Shown(CUDA)
    decision(lengths=lengths, out=Shown(CUDA), stream=stream)
    assert lengths.streams == [77]


def test_a_protocol_of_streams_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="stream is of type LaterStream, of version 1 of __cuda_stream__, not 0"):
        decision(lengths=Shown(CUDA), out=Shown(CUDA), stream=LaterStream())


class _device(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("index", ctypes.c_int32)]


class _versioned_tensor(ctypes.Structure):
    """DLManagedTensorVersioned, the tensor in place."""
    _fields_ = [("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p),
                ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64), ("data", ctypes.c_void_p),
                ("device", _device), ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
                ("byte_offset", ctypes.c_uint64)]


class Versioned:
    """Gives capsules of DLPack 1.0 and later only, to who knows of them."""

    def __init__(self, flags=0, major=1, name=b"dltensor_versioned", **changed):
        self.memory, self._shape, self._name = (ctypes.c_int32 * 2)(3, 4), (ctypes.c_int64 * 2)(2, 2), name
        fields = {"data": ctypes.addressof(self.memory), "device": _device(CPU, 0), "ndim": 1, "bits": 32, "lanes": 1,
                  "shape": ctypes.addressof(self._shape)}
        self._shown = _versioned_tensor(major=major, minor=1, flags=flags, **(fields | changed))

    def __dlpack_device__(self):
        return CPU, 0

    def __dlpack__(self, *, max_version, stream=None):
        assert max_version >= (1, 0)
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self._shown), self._name, None)


READ_ONLY, COPIED = 1, 2


def test_capsules_of_dlpack_1_are_read_and_written():
    out = Versioned()
    nsameta.fill("decode", Versioned(READ_ONLY | COPIED), cache_seqlens=out, length_offset=1)
    assert list(out.memory) == [4, 5]


@pytest.mark.parametrize("error, text, lengths, out", [
    (ValueError, "cache_seqlens is read-only, and a fill writes to it", Versioned(), Versioned(READ_ONLY)),
    (ValueError, "cache_seqlens is shown as a copy, to which a fill would write in vain", Versioned(),
     Versioned(COPIED)),
    (ValueError, "seq_lens is of DLPack 2.1, not of version 1", Versioned(major=2), Versioned()),
    (ValueError, "what seq_lens gives through DLPack is of type PyCapsule, no tensor that nobody took$",
     Versioned(name=b"used_dltensor_versioned"), Versioned()),
    (TypeError, "seq_lens is bfloat16, neither", Versioned(code=4, bits=16), Versioned()),
    (TypeError, "seq_lens is float8_e4m3fn, neither", Versioned(code=10, bits=8), Versioned()),
    (TypeError, "seq_lens is int32 in vectors of 4, neither", Versioned(lanes=4), Versioned()),
    (ValueError, "seq_lens has 2 dimensions, not 1", Versioned(ndim=2), Versioned()),
    (ValueError, "seq_lens has -1 dimensions, negative", Versioned(ndim=-1), Versioned()),
    (ValueError, "seq_lens does not tell the sizes of its dimensions", Versioned(shape=None), Versioned()),
    (ValueError, "seq_lens has no memory, as a traced, fake or meta array", Versioned(data=None), Versioned()),
])
def test_capsules_that_fit_no_argument_are_refused(error, text, lengths, out):
    with pytest.raises(error, match=text):
        nsameta.fill("decode", lengths, cache_seqlens=out)


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
    (Shown(METAL), Shown(CPU), "seq_lens is on a device of Metal, neither CPU, CUDA nor ROCm"),
])
def test_mixed_and_unknown_devices_are_refused(lengths, out, text):
    with pytest.raises(nsameta.InvalidArgument, match=text):
        decision(lengths=lengths, out=out)


def test_what_the_producer_throws_is_told():
    class Broken(Shown):
        def __dlpack__(self, **asked):
            raise BufferError("gone")
    with pytest.raises(nsameta.InvalidArgument, match="seq_lens is of type Broken and cannot be .* DLPack: gone"):
        decision(lengths=Broken(CPU), out=Shown(CPU))


def test_a_device_that_is_none_is_refused():
    with pytest.raises(nsameta.InvalidArgument, match=r"its device is \('cpu', 0\), not two integers"):
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
