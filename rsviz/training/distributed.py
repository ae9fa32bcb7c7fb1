"""One process, or several that torchrun has started and that share the work of each step.

torchrun --nproc-per-node 2 -m rsviz train --dataset mnist --method gaussian --sigma 0.25
"""

import os
import sys
from dataclasses import dataclass

from rsviz.lazy import lazy

torch = lazy("torch")
distributed = lazy("torch.distributed")


@dataclass(frozen=True)
class Processes:
    """This process, number `rank` of `size`. Rank 0 is the main process: it alone reports and writes."""

    rank: int = 0
    size: int = 1

    @property
    def is_main_process(self) -> bool:
        return self.rank == 0

    def part(self, batch):
        """This process's share of the rows of a batch; empty if there are fewer rows than processes."""
        return batch.tensor_split(self.size)[self.rank] if self.size > 1 else batch

    def sum(self, values):
        """The sum of a tensor over all processes."""
        if self.size > 1:
            distributed.all_reduce(values)
        return values

    def broadcast(self, value):
        """The main process's value, a picklable object, in every process."""
        if self.size == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0)
        return values[0]

    def close(self) -> None:
        """After the last step: the main process continues alone."""
        if self.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()


ALONE = Processes()


def exit_process() -> None:
    """End the program of a process that is not the main one and has done its part, at once.

    While its interpreter shuts down, threads of gloo sometimes abort it (4 of 24 runs on busy cores), and
    torchrun then kills the main process too.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def init_distributed() -> Processes:
    """The processes that torchrun's environment describes; ALONE without one. Gloo on CPUs, NCCL on GPUs.

    On GPUs each process uses the one of its local rank: see `local_device`.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return ALONE
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if _on_gpus() else "gloo")
    return Processes(distributed.get_rank(), distributed.get_world_size())


def local_device() -> str | None:
    """The device of this process if torchrun has started several on GPUs, else None: any device will do."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and _on_gpus():
        return f"cuda:{int(os.environ.get('LOCAL_RANK', '0'))}"
    return None


def _on_gpus() -> bool:
    chosen = os.environ.get("RSVIZ_DEVICE", "auto")
    return torch.cuda.is_available() and chosen in ("auto", "cuda")
