"""The entry points of the original: one mode, two outputs, a total."""
from ._ext import InvalidArgument, backends, explain_draft_extend, fill


def fill_draft_extend_metadata(extend_seq_lens, seq_lens, nsa_index_topk, out_seqlens_expanded, out_nsa_cache_seqlens,
                               status=None):
    """Expands every request into its rows: `seqlens_expanded[t]` and the same clamped to top-k.

    Returns the number of rows as an array of one element, in the memory of the outputs: nothing waits for the device
    until somebody turns it into an integer, which slicing with a torch tensor does by itself. Outputs too short for the
    rows raise an Error where they are on the CPU; on a GPU `status`, an array of one element, gets the bit
    capacity_exceeded (4), and a total of more rows than the outputs hold says the same.
    """
    total = _array_for_total(out_seqlens_expanded)
    fill("draft_extend", seq_lens, extend_seq_lens=extend_seq_lens, index_topk=nsa_index_topk,
         seqlens_expanded=out_seqlens_expanded, nsa_cache_seqlens=out_nsa_cache_seqlens, total_rows=total,
         status=status)
    if status is None and not _on_gpu(total):
        check_room(int(total), out_seqlens_expanded=out_seqlens_expanded, out_nsa_cache_seqlens=out_nsa_cache_seqlens)
    return total


def check_room(rows, **outputs):
    """Raises an InvalidArgument that names the first output that held fewer rows than there are."""
    for name, output in outputs.items():
        held = output.shape[0] if len(output.shape) else 1
        if held < rows:
            error = InvalidArgument(f"{name} has {held} elements, less than the {rows} rows: the rest is not written")
            error.status = "invalid_argument"
            raise error


def _on_gpu(array):
    device = array.__dlpack_device__()[0]
    return device not in (1, 3, 11)  # DLPack's CPU, and what CUDA and ROCm pin of it


def _array_for_total(like):
    if hasattr(like, "new_empty"):  # torch
        return like.new_empty(())
    try:
        return type(like)((), "int32")  # numpy, cupy
    except TypeError:
        raise TypeError(f"out_seqlens_expanded is a {type(like).__qualname__}, of which no array for the total can be "
                        "made; use fill() with total_rows") from None


def get_kernel_info(requests=32, rows_each=4, device="auto"):
    """Which kernel fills the metadata of that many requests and why, and what backends there are.

    `device`: as for warmup(), but "auto" is the first GPU that is ready, or else the CPU.
    """
    decision = explain_draft_extend(requests, rows_each, device)
    rejections = [f"not {each['candidate']}: {each['why']}" for each in decision["rejections"]]
    if decision["error"]:
        kernel, why = None, decision["error"]
    else:
        kernel = f"{decision['backend']}/{decision['variant']}"
        why = "; ".join([decision["rule"], *rejections])
    return {"kernel": kernel, "why": why, "requests": requests, "rows_each": rows_each, "device": device,
            "decision": decision, "backends": backends()}
