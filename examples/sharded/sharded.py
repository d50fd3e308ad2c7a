"""Every rank fills its part of one batch, first of the KV cache, then of the queries. All ranks gather all parts, and
each checks that they are the whole.

  torchrun --nproc-per-node 4 sharded.py    # or: python3 -m torch.distributed.run ...

One GPU a rank where there are enough (NCCL), or else the CPU (gloo).
"""
import os

import nsameta
import torch
import torch.distributed as dist

INTERLEAVE = 4  # KV positions in a row on one rank


def make_batch():
    """A prefill, ragged, with cached prefixes: the same on every rank."""
    random = torch.Generator().manual_seed(7)
    seq_lens = torch.randint(0, 300, (40,), generator=random, dtype=torch.int32)
    queries = (torch.rand(40, generator=random) * (seq_lens + 1)).to(torch.int32)
    return seq_lens, queries


def visible_positions(seq_lens, queries):
    """How many KV positions each row of the batch sees."""
    return [s - j + 1 for s, q in zip(seq_lens.tolist(), queries.tolist()) for j in range(q, 0, -1)]


def fill(device, seq_lens, queries, **shard):
    """The rows that this rank gets: the visible positions of each."""
    expanded = torch.empty(int(queries.sum()), dtype=torch.int32, device=device)
    total, status = torch.empty(2, 1, dtype=torch.int32, device=device)
    nsameta.fill("extend", seq_lens.to(device), extend_seq_lens=queries.to(device), seqlens_expanded=expanded,
                 total_rows=total, status=status, **shard)
    if int(status):
        raise SystemExit(f"status is {int(status)}")
    return expanded[:int(total)]


def gather(own):
    """Each rank's rows, of any number, as lists."""
    ranks = dist.get_world_size()
    counts = [own.new_empty(1) for _ in range(ranks)]
    dist.all_gather(counts, own.new_tensor([len(own)]))
    longest = max(int(count) for count in counts)
    parts = [own.new_empty(longest) for _ in range(ranks)]
    dist.all_gather(parts, torch.nn.functional.pad(own, (0, longest - len(own))))
    return [part[:int(count)].tolist() for part, count in zip(parts, counts)]


def check_kv_shards(parts, visible):
    """Row by row, the ranks hold all positions, each the ones that are dealt to it."""
    for row, positions in enumerate(visible):
        held = [0] * len(parts)
        for position in range(positions):
            held[position // INTERLEAVE % len(parts)] += 1
        got = [part[row] for part in parts]
        if got != held:
            raise SystemExit(f"row {row} of the ranks is {got}, not {held}")
    if any(len(part) != len(visible) for part in parts):
        raise SystemExit(f"the ranks have {[len(part) for part in parts]} rows, not {len(visible)} each")


def check_q_shards(parts, visible):
    """Token t is row t // size of rank t % size, and the ranks have no row besides."""
    dealt = [visible[rank::len(parts)] for rank in range(len(parts))]
    if parts != dealt:
        raise SystemExit(f"the ranks' rows are {parts}, not {dealt}")


def main():
    local_rank, local_size = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
    on_gpu = torch.cuda.device_count() >= local_size
    device = torch.device("cuda", local_rank) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if on_gpu else "gloo")
    size, rank = dist.get_world_size(), dist.get_rank()

    seq_lens, queries = make_batch()
    visible = visible_positions(seq_lens, queries)
    check_kv_shards(gather(fill(device, seq_lens, queries, kv_shard=(size, rank, INTERLEAVE))), visible)
    parts = gather(fill(device, seq_lens, queries, q_shard=(size, rank)))
    check_q_shards(parts, visible)
    print(f"rank {rank} on {device}: {len(parts[rank])} of {len(visible)} rows; the ranks' parts are the whole",
          flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
