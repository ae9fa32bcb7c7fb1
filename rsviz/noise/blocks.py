"""The block scheme: every draw is a pure function of its seed and number, whatever batch it is drawn in."""

import hashlib
import math

BLOCK_VALUES, FEWEST, MOST = 2**18, 16, 4096
"""A block is about so many values: seeding costs little, and a block of large images fits into memory."""

MAX_SEED = 2**63 - 1


def block_size(shape) -> int:
    """Draws of images of `shape` (C, H, W) that share one seeding of the generator, a power of two.

    Part of what a seed means: another size, other noise. Certificates record it.
    """
    wanted = max(1, BLOCK_VALUES // math.prod(shape))
    return min(max(FEWEST, 2 ** (wanted.bit_length() - 1)), MOST)


def block_seed(seed: int, stream: int, block: int) -> int:
    """The generator's seed for one block of draws: 64 bits, of which the lower 32 never repeat in a stream.

    torch's CPU generator reads only the lower 32 bits, so these are a bijection of the block number, moved by
    a hash of (seed, stream); blocks of one run cannot share their noise by accident.
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
    """The noise of one run: draw i has the same values whoever asks for it, in whatever batch.

    noise: a mechanism of NOISES. shape: of one image, (C, H, W). seed: 0 .. MAX_SEED. stream: tells runs of
    one seed apart (selection, estimation, prediction). stop: no draw from there on will be asked for, so
    where the noise allows it the rest of the last block is not drawn. The values depend on the kind of
    device, because torch's generators do.
    """

    def __init__(self, noise, shape, seed: int, stream: int, device, stop: int | None = None):
        self._noise, self._shape, self._seed, self._stream = noise, tuple(shape), seed, stream
        import torch

        self._block, self._device = block_size(shape), torch.device(device)
        self._stop = stop if noise.prefixes and self._device.type == "cpu" else None
        self._generator = torch.Generator(device=device)
        self._kept_block, self._kept = None, None

    def fill(self, out, start: int) -> None:
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

    def _keep(self, block):
        """A block of which only a part is asked for: the next batch will want the rest of it."""
        if self._kept_block != block:
            import torch

            if self._kept is None:
                rows = self._block if self._stop is None else min(self._block, _round_up(self._stop))
                self._kept = torch.empty((rows, *self._shape), dtype=torch.float32, device=self._device)
            rows = self._block
            if self._stop is not None:
                rows = min(rows, _round_up(self._stop - block * self._block))
            self._sample(block, self._kept[:rows])
            self._kept_block = block
        return self._kept

    def _sample(self, block, out):
        self._generator.manual_seed(block_seed(self._seed, self._stream, block))
        self._noise.sample(out.shape, self._generator, out=out)


def _round_up(draws: int) -> int:
    """To a multiple of 16: torch makes Gaussian values by 16, and the rest of them in another way."""
    return -(-draws // 16) * 16
