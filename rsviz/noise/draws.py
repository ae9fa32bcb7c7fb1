"""The block scheme: every draw is a pure function of its seed, stream and number."""

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rsviz.lazy import lazy
from rsviz.noise.base import Noise

if TYPE_CHECKING:
    from torch import Tensor, device

torch = lazy("torch")

BLOCK_VALUES, FEWEST, MOST = 2**18, 16, 4096
"""Values in a block, and draws in it: seeding costs little, and a block of large images fits into memory."""

MAX_SEED = 2**63 - 1


def block_size(shape: Sequence[int]) -> int:
    """Draws of images of `shape` (C, H, W) that share one seeding of the generator, a power of two.

    The size is part of what a seed means: another size gives other noise. Certificates record it.
    """
    wanted = max(1, BLOCK_VALUES // math.prod(shape))
    return min(max(FEWEST, 2 ** (wanted.bit_length() - 1)), MOST)


def block_seed(seed: int, stream: int, block: int) -> int:
    """The generator's seed for one block of draws: 64 bits, of which the lower 32 never repeat in a stream.

    torch's CPU generator reads only the lower 32 bits. These are a bijection of the block number, moved by a
    hash of (seed, stream), so that two blocks of one run cannot share their noise by accident.
    seed: 0 .. MAX_SEED. stream: a number of rsviz.noise.streams. block: integer >= 0.
    """
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    key = int.from_bytes(digest, "little")
    return (key & ~0xFFFFFFFF) | _mix32((block + key) & 0xFFFFFFFF)


def _mix32(value: int) -> int:
    """A bijection of 32-bit integers that spreads neighbours apart (the finaliser of MurmurHash3)."""
    value ^= value >> 16
    value = value * 0x85EBCA6B & 0xFFFFFFFF
    value ^= value >> 13
    value = value * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16


class Draws:
    """The noise of one run: the values of draw i do not depend on the batch in which they are requested.

    They depend on the kind of device, because torch's generators do.

    noise: a mechanism of NOISES. shape: of one image, (C, H, W). seed: 0 .. MAX_SEED.
    stream: a number of rsviz.noise.streams.
    stop: no draw from this one on will be requested. Where the noise allows it, the rest of the last block
    is then not drawn.
    """

    def __init__(
        self,
        noise: Noise,
        shape: Sequence[int],
        seed: int,
        stream: int,
        device: "device | str",
        stop: int | None = None,
    ) -> None:
        self._noise, self._shape, self._seed, self._stream = noise, tuple(shape), seed, stream
        self._block, self._device = block_size(shape), torch.device(device)
        self._stop = stop if noise.prefixes and self._device.type == "cpu" else None
        self._generator = torch.Generator(device=device)
        self._kept_block: int | None = None
        self._kept: Tensor | None = None

    def fill(self, out: "Tensor", start: int) -> None:
        """Write the noise of draws [start, start + len(out)) into `out`, float32 (b, C, H, W)."""
        position, stop = start, start + len(out)
        while position < stop:
            block, offset = divmod(position, self._block)
            size = min(self._block - offset, stop - position)
            target = out[position - start : position - start + size]
            if size == self._block:
                self._sample(block, target)
            else:
                target.copy_(self._keep(block)[offset : offset + size])
            position += size

    def _keep(self, block: int) -> "Tensor":
        """A block of which only a part is requested; the next batch will need the rest."""
        if self._kept is None:
            rows = self._block if self._stop is None else min(self._block, _round_up(self._stop))
            self._kept = torch.empty((rows, *self._shape), dtype=torch.float32, device=self._device)
        if self._kept_block != block:
            rows = self._block
            if self._stop is not None:
                rows = min(rows, _round_up(self._stop - block * self._block))
            self._sample(block, self._kept[:rows])
            self._kept_block = block
        return self._kept

    def _sample(self, block: int, out: "Tensor") -> None:
        self._generator.manual_seed(block_seed(self._seed, self._stream, block))
        self._noise.sample(out.shape, self._generator, out=out)


def _round_up(draws: int) -> int:
    """To a multiple of 16: torch makes Gaussian values in groups of 16, and an incomplete one differently."""
    return -(-draws // 16) * 16
