"""The C interface through ctypes, for tensors: as thin as Python lets it be."""
import ctypes
import pathlib
import re

HEADER = (pathlib.Path(__file__).parents[2] / "core/include/nsameta/nsameta.h").read_text()
SCALARS = {"size_t": ctypes.c_size_t, "int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64}


def _members(of, name):
    """What the header declares between the braces of an enum or a structure, without comments."""
    body = re.search(rf"typedef {of} {name} {{(.*?)\s}} {name};", HEADER, re.S)[1]
    return re.sub(r"///?.*", "", body)


def _structure(name):
    """A structure of the header, with what it holds. An enum is an int, a pointer is a void*."""
    fields = []
    for kind, pointer, member in re.findall(r"(\w+)\s*(\*?)\s(\w+);", _members("struct", name)):
        if pointer:
            fields.append((member, ctypes.c_void_p))
        elif re.search(rf"typedef enum {kind} ", HEADER):
            fields.append((member, ctypes.c_int))
        else:
            fields.append((member, SCALARS.get(kind) or _structure(kind)))
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def _enum(name, prefix):
    """Its values by their names, lower case and without the prefix."""
    return {word.lower(): int(value)
            for word, value in re.findall(rf"{prefix}(\w+) = (\d+)", _members("enum", name))}


MODES = _enum("nsameta_mode", "NSAMETA_")
KINDS = _enum("nsameta_device_kind", "NSAMETA_DEVICE_")
DTYPES = _enum("nsameta_dtype", "NSAMETA_")
FLAGS = _enum("nsameta_target_flag", "NSAMETA_TARGET_")
HOST, CUDA = KINDS["host"], KINDS["cuda"]
Problem, Outputs, Target = (_structure(f"nsameta_{name}") for name in ("problem", "outputs", "target"))


class Library:
    def __init__(self, path):
        self._library = ctypes.CDLL(str(path))
        self._library.nsameta_last_error.restype = ctypes.c_char_p

    def check(self, status):
        if status:
            raise RuntimeError(self._library.nsameta_last_error().decode())

    def override(self, text):
        self.check(self._library.nsameta_set_override(text.encode()))

    def warm_up(self, device):
        target = Target(CUDA if device.type == "cuda" else HOST, device.index or 0, None)
        self.check(self._library.nsameta_warmup(ctypes.byref(target)))

    def call(self, mode, seq_lens, outputs, **inputs):
        return Call(self._library, self.check, mode, seq_lens, outputs, **inputs)


def _strided(tensor):
    return tensor.data_ptr(), 1, DTYPES[str(tensor.dtype).removeprefix("torch.")]


class Call:
    """One batch with its outputs (int32 tensors, by field). Holds the tensors that it points to."""

    def __init__(self, library, check, mode, seq_lens, outputs, extend_seq_lens=None, uniform_extend_len=0,
                 req_pool_indices=None, req_to_token=None, flags=0):
        self._fill, self._check = library.nsameta_fill, check
        self._keep = (seq_lens, extend_seq_lens, req_pool_indices, req_to_token, outputs)
        self._problem, self._outputs = Problem(), Outputs()
        library.nsameta_problem_init_sized(ctypes.byref(self._problem), ctypes.c_size_t(ctypes.sizeof(Problem)))
        library.nsameta_outputs_init_sized(ctypes.byref(self._outputs), ctypes.c_size_t(ctypes.sizeof(Outputs)))
        self._problem.mode = MODES[mode]
        self._problem.batch_size = len(seq_lens)
        self._problem.uniform_extend_len = uniform_extend_len
        for name, tensor in (("seq_lens", seq_lens), ("extend_seq_lens", extend_seq_lens),
                             ("req_pool_indices", req_pool_indices)):
            if tensor is not None:
                setattr(self._problem, name, _strided(tensor))
        if req_to_token is not None:
            self._problem.req_to_token = (req_to_token.data_ptr(), *req_to_token.shape, req_to_token.stride(0))
        for name, tensor in outputs.items():
            last = tensor.stride(0) if tensor.dim() == 2 else DTYPES["int32"]  # a table's row stride, a vector's type
            setattr(self._outputs, name, (tensor.data_ptr(), *tensor.shape, last))
        device = seq_lens.device
        self._target = Target(CUDA if device.type == "cuda" else HOST, device.index or 0, None, flags)
        self._seq_lens, self._extend_seq_lens = self._problem.seq_lens, self._problem.extend_seq_lens  # views of it
        self._arguments = [ctypes.byref(part) for part in (self._problem, self._outputs, self._target)]

    def fill(self, stream=None):
        """With the lengths' addresses set anew, as a caller does whose tensors are new in every step."""
        seq_lens, extend_seq_lens = self._keep[:2]
        self._seq_lens.data = seq_lens.data_ptr()
        if extend_seq_lens is not None:
            self._extend_seq_lens.data = extend_seq_lens.data_ptr()
        self._target.stream = stream
        self._check(self._fill(*self._arguments))
