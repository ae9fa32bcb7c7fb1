"""What was done to a picture, in words and as it looked then."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Step:
    """One step. words: what was done, "shrunk to 32 × 32". picture: uint8 (H, W) after it, if it is kept."""

    words: str
    picture: np.ndarray | None = None
