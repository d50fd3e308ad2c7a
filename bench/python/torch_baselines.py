"""`draft_extend` into two fields with PyTorch alone, three ways. All write in place; rows past the total may change."""
import torch


def loop(seq_lens, extend_seq_lens, topk, expanded, clamped):
    """A Python loop over lengths brought to the host: two waits for the device, an arange a request."""
    lengths = zip(seq_lens.tolist(), extend_seq_lens.tolist())
    rows = torch.cat([torch.arange(s - q + 1, s + 1, dtype=torch.int32, device=seq_lens.device) for s, q in lengths])
    rows.clamp_(min=0)
    expanded[:len(rows)].copy_(rows)
    torch.clamp(rows, max=topk, out=clamped[:len(rows)])


def repeat(seq_lens, extend_seq_lens, topk, expanded, clamped, positions):
    """Vectorised: no loop, one wait (the number of rows, inside repeat_interleave). `positions` is 0, 1, ... once made.

    Row t of a request whose rows end at e (exclusive) sees s - e + 1 + t positions.
    """
    shift = seq_lens + 1 - torch.cumsum(extend_seq_lens, 0, dtype=torch.int32)
    rows = torch.repeat_interleave(shift, extend_seq_lens)
    total = len(rows)
    torch.add(rows, positions[:total], out=expanded[:total]).clamp_(min=0)
    torch.clamp(expanded[:total], max=topk, out=clamped[:total])


def search(seq_lens, extend_seq_lens, topk, expanded, clamped, positions):
    """Vectorised without any wait, so that it can be captured: every row the buffers hold searches its request."""
    ends = torch.cumsum(extend_seq_lens, 0, dtype=torch.int32)
    shift = seq_lens + 1 - ends
    request = torch.searchsorted(ends, positions, right=True, out_int32=True).clamp_(max=len(seq_lens) - 1)
    torch.add(shift[request], positions, out=expanded).clamp_(min=0)
    torch.clamp(expanded, max=topk, out=clamped)
