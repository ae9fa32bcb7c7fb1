"""Settings of a whole process, called by the programs that own one: command line, worker, evaluation process.

No library path applies them. This module does not import torch.
"""

import ctypes
import functools
import platform

IDLE_THREADS = {"OMP_WAIT_POLICY": "passive"}
"""Environment of a process that runs torch: threads that wait for each other sleep instead of spinning.

Spinning threads block the cores for other processes: on two busy cores the digits network drew 5,000 votes a
second with spinning threads and 227,000 with sleeping ones. Must be set before the process starts.
"""

MALLOPT = {-4: 0, -1: 2**31 - 1, -2: 2**26}
"""M_MMAP_MAX: none; M_TRIM_THRESHOLD: never; M_TOP_PAD: grow by 64 MB (malloc.h)."""


@functools.cache
def keep_memory() -> None:
    """Let this process keep the memory of one batch for the next. For programs, not for a library's import.

    glibc gives large buffers back to the system after each layer and asks for them again; on two CPU cores
    that halved the passes per second of the MNIST network (7,900 against 17,000, benchmarks/votes.py).
    """
    if platform.libc_ver()[0] == "glibc":
        allocator = ctypes.CDLL(None)
        for option, value in MALLOPT.items():
            allocator.mallopt(option, value)
