"""The metadata tables of sparse attention (NSA, DSA), filled in the caller's arrays in one launch."""
import sys

from ._ext import Error, InvalidArgument, __version__, backends, explain, fill, fill_many, set_override, warmup
from .draft_extend import fill_draft_extend_metadata, get_kernel_info

if "torch" in sys.modules:  # importing it would take seconds that users of other libraries do not have
    try:
        from . import torch_operator
    except ImportError:  # a torch too old for the operator: importing nsameta.torch_operator says which it needs
        pass

__all__ = ["Error", "InvalidArgument", "__version__", "backends", "explain", "fill", "fill_draft_extend_metadata",
           "fill_many", "get_kernel_info", "set_override", "warmup"]
