"""The training images on the device, in an order that the seed decides, moved and mirrored there."""

from dataclasses import dataclass

import torch
from torch.nn.functional import pad

from rsviz.noise import block_seed
from rsviz.noise.streams import IMAGE_ORDER


@dataclass(frozen=True)
class Resident:
    """Labelled images on the device: x float32 (N, C, H, W) in [0, 1], y int64 (N,)."""

    x: torch.Tensor
    y: torch.Tensor

    @classmethod
    def of(cls, dataset, device, rows=slice(None)) -> "Resident":
        """The images of a dataset of rsviz.data, or some of its rows, as tensors on the device."""
        return cls(
            torch.from_numpy(dataset.pixels(rows)).to(device),
            torch.from_numpy(dataset.labels[rows].copy()).to(device),
        )

    def split(self, held_out: int) -> "tuple[Resident, Resident | None]":
        """(all but the last `held_out` images, those), without a copy; (all, None) where it is 0."""
        if not held_out:
            return self, None
        return Resident(self.x[:-held_out], self.y[:-held_out]), Resident(
            self.x[-held_out:], self.y[-held_out:]
        )

    def __len__(self) -> int:
        return len(self.y)


def order(seed, epoch, count, device):
    """A permutation of `count` images that is a pure function of (seed, epoch)."""
    generator = torch.Generator().manual_seed(block_seed(seed, IMAGE_ORDER, epoch))
    return torch.randperm(count, generator=generator).to(device)


def augmented(x, request, generator):
    """The batch as the request wants it moved and mirrored, drawn on the device of x from the generator."""
    x = shifted(x, request.shift, generator)
    return flipped(x, generator) if request.flip else x


def shifted(x, shift, generator):
    """Each image moved by its own whole number of pixels, up to `shift` in each direction; zeros move in.

    x: (B, C, H, W).
    """
    if shift == 0:
        return x
    batch, _, height, width = x.shape
    offsets = torch.randint(2 * shift + 1, (2, batch, 1), generator=generator, device=x.device)
    rows = (offsets[0] + torch.arange(height, device=x.device))[:, :, None]
    columns = (offsets[1] + torch.arange(width, device=x.device))[:, None, :]
    which = torch.arange(batch, device=x.device)[:, None, None]
    return pad(x, (shift,) * 4).permute(0, 2, 3, 1)[which, rows, columns].permute(0, 3, 1, 2)


def flipped(x, generator):
    """Each image mirrored left to right with probability 1/2. x: (B, C, H, W)."""
    mirrored = torch.randint(2, (len(x), 1, 1, 1), generator=generator, device=x.device).bool()
    return torch.where(mirrored, x.flip(3), x)
