"""torch.ops.nsameta.fill: nsameta.fill() as an operator, for torch.compile and torch.export. Registered on import.

Its arguments are those of fill() but for three: `stream` is torch's current one, `plans` are dictionaries, which no
schema has, and the first is `batch_mode`, because torch.compile calls operators with a `mode` of its own. What goes with
plans alone, `topk_lens`, `extra_topk_lens`, `num_logits`, `full_to_swa`, `row_slots`, `swa_floor`, `row_values_from` and `block_tables`, is left out.
"""
import torch

from ._ext import OUTPUTS, fill

if not hasattr(getattr(torch, "library", None), "register_fake"):
    raise ImportError("torch.ops.nsameta.fill needs torch 2.4 or later, which has torch.library.register_fake; this is "
                      f"torch {getattr(torch, '__version__', 'of no version')}", name=__name__)

_INPUTS = ("extend_seq_lens", "req_pool_indices", "req_to_token", "live_requests", "block_table", "num_rejected")


def _schema():
    inputs = [f"Tensor? {name}=None" for name in _INPUTS]
    outputs = [f"Tensor({chr(ord('a') + i)}!)? {name}=None" for i, name in enumerate(OUTPUTS)]
    return ", ".join([
        "(str batch_mode, Tensor seq_lens, *", *inputs, "SymInt uniform_extend_len=0", "int page_size=64",
        "int index_topk=2048", "int index_kpool=1", "int[3] kv_shard=[1, 0, 1]", "int[2] q_shard=[1, 0]",
        "str q_shard_kind='round_robin'", "int context_limit=0", "int block_size=64", "int pad_slot=-1", "int seq_pad=0",
        "SymInt pad_rows_to=0",
        *outputs,
        "str vector_tail='keep'", "str table_tail='keep'", "int table_tail_value=0", "SymInt length_offset=0",
        "int draft_step=0",
        "SymInt? batch_size=None", "SymInt? row_limit=None", "SymInt? column_limit=None", "bool overlap=True) -> ()"])


def _fake(*args, **kwargs):
    return None


if not hasattr(torch.ops.nsameta, "fill"):  # torch takes an operator once a process, however often this is imported
    torch.library.define("nsameta::fill", _schema())
    torch.library.impl("nsameta::fill", ("cpu", "cuda"), fill)
    torch.library.register_fake("nsameta::fill", _fake)
