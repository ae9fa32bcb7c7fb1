"""One process, or several that torchrun has started and that share the work of each step.

torchrun --nproc-per-node 2 -m rsviz train --dataset mnist --method gaussian --sigma 0.25
"""

import os
import sys
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Team:
    """rank: which process this is, of `size`. Rank 0 alone reports and writes."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def part(self, batch):
        """This process's share of the rows of a batch; empty where there are fewer rows than processes."""
        return batch.tensor_split(self.size)[self.rank] if self.size > 1 else batch

    def total(self, sums):
        """The sum of a tensor over all processes."""
        if self.size > 1:
            distributed.all_reduce(sums)
        return sums

    def leaders(self, value):
        """The leader's value, a plain one, in every process."""
        if self.size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]

    def disband(self) -> None:
        """After the last step: the leader goes on alone."""
        if self.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()


def leave() -> None:
    """End the program of a process that does not lead and has done its part, at once.

    While its interpreter shuts down, threads of gloo abort it now and then (4 of 24 runs on busy cores), and
    torchrun then kills the leader too.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def join_team() -> Team:
    """The team that torchrun's environment tells of; alone without one. Gloo on CPUs, NCCL on GPUs.

    On GPUs each process takes the one of its local rank: see `own_device`.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Team()
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if _on_gpus() else "gloo")
    return Team(distributed.get_rank(), size)


def own_device() -> str | None:
    """The device of this process where torchrun has started several on GPUs; None where anything will do."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and _on_gpus():
        return f"cuda:{int(os.environ.get('LOCAL_RANK', '0'))}"
    return None


def _on_gpus() -> bool:
    chosen = os.environ.get("RSVIZ_DEVICE", "auto")
    return torch.cuda.is_available() and chosen in ("auto", "cuda")
