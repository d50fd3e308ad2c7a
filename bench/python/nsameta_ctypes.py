"""The C interface through ctypes, for tensors: as thin as Python lets it be."""
import ctypes

MODES = {"decode": 0, "target_verify": 1, "draft_extend": 2, "extend": 3}
HOST, CUDA = 1, 2


class Strided(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("stride", ctypes.c_int64), ("dtype", ctypes.c_int)]


class TokenTable(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("slots", ctypes.c_int64), ("width", ctypes.c_int64),
                ("row_stride", ctypes.c_int64)]


class KvShard(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int32), ("rank", ctypes.c_int32), ("interleave", ctypes.c_int32)]


class QShard(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int32), ("rank", ctypes.c_int32)]


class Problem(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("mode", ctypes.c_int), ("batch_size", ctypes.c_int64),
                ("seq_lens", Strided), ("extend_seq_lens", Strided), ("uniform_extend_len", ctypes.c_int64),
                ("req_pool_indices", Strided), ("req_to_token", TokenTable), ("page_size", ctypes.c_int32),
                ("index_topk", ctypes.c_int32), ("index_kpool", ctypes.c_int32), ("kv_shard", KvShard),
                ("q_shard", QShard)]


class Vector(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("capacity", ctypes.c_int64), ("dtype", ctypes.c_int)]


class Table(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("rows", ctypes.c_int64), ("width", ctypes.c_int64),
                ("row_stride", ctypes.c_int64)]


VECTORS = ("cache_seqlens", "cu_seqlens_k", "cu_seqlens_q", "seqlens_expanded", "nsa_cache_seqlens", "nsa_cu_seqlens_k",
           "nsa_cu_seqlens_q", "indexer_ks", "indexer_ke", "token_to_batch", "total_rows", "status")
TABLES = ("page_table_1", "real_page_table")


class Outputs(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), *((name, Vector) for name in VECTORS),
                *((name, Table) for name in TABLES), ("vector_tail", ctypes.c_int), ("table_tail", ctypes.c_int),
                ("table_tail_value", ctypes.c_int32), ("length_offset", ctypes.c_int64)]


class Target(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("index", ctypes.c_int32), ("stream", ctypes.c_void_p),
                ("flags", ctypes.c_uint64)]


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

    def call(self, mode, seq_lens, outputs, extend_seq_lens=None, req_pool_indices=None, req_to_token=None):
        return Call(self._library, self.check, mode, seq_lens, outputs, extend_seq_lens, req_pool_indices, req_to_token)


class Call:
    """One batch with its outputs (int32 tensors, by field). Holds the tensors that it points to."""

    def __init__(self, library, check, mode, seq_lens, outputs, extend_seq_lens, req_pool_indices, req_to_token):
        self._fill, self._check = library.nsameta_fill, check
        self._keep = (seq_lens, extend_seq_lens, req_pool_indices, req_to_token, outputs)
        self._problem, self._outputs = Problem(), Outputs()
        library.nsameta_problem_init_sized(ctypes.byref(self._problem), ctypes.c_size_t(ctypes.sizeof(Problem)))
        library.nsameta_outputs_init_sized(ctypes.byref(self._outputs), ctypes.c_size_t(ctypes.sizeof(Outputs)))
        self._problem.mode = MODES[mode]
        self._problem.batch_size = len(seq_lens)
        for name, tensor in (("seq_lens", seq_lens), ("extend_seq_lens", extend_seq_lens),
                             ("req_pool_indices", req_pool_indices)):
            if tensor is not None:
                setattr(self._problem, name, Strided(tensor.data_ptr(), 1, 0))
        if req_to_token is not None:
            self._problem.req_to_token = TokenTable(req_to_token.data_ptr(), *req_to_token.shape,
                                                    req_to_token.stride(0))
        for name, tensor in outputs.items():
            made = (Table(tensor.data_ptr(), *tensor.shape, tensor.stride(0)) if name in TABLES
                    else Vector(tensor.data_ptr(), len(tensor), 0))
            setattr(self._outputs, name, made)
        device = seq_lens.device
        self._target = Target(CUDA if device.type == "cuda" else HOST, device.index or 0, None)
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
