"""What is known of one attack, as far as it has come. Does not import torch."""

import base64
import functools
import json
import math
from dataclasses import dataclass, field, fields, replace

import numpy as np
import safetensors.numpy

from rsviz.attacks.request import AttackRequest, make_request
from rsviz.attacks.table import AttackError
from rsviz.files import SHIPPED_CHECKPOINTS

PHASES = ("loading", "measuring", "attacking", "judging", "certifying", "path", "done")
MAX_POINTS = 400
"""Rows kept of the history; beyond that every other one goes."""
POINTS = 21
"""Points of the path, both ends included."""


@dataclass(frozen=True)
class Pictures:
    """x, adversarial: float32 (C, H, W) in [0, 1]; while the attack runs, the second is its present image."""

    x: np.ndarray
    adversarial: np.ndarray

    def to_bytes(self) -> bytes:
        arrays = {"x": self.x, "adversarial": self.adversarial}
        return safetensors.numpy.save(
            {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> "Pictures":
        arrays = safetensors.numpy.load(content)
        return cls(arrays["x"], arrays["adversarial"])


@dataclass(frozen=True)
class Evidence:
    """The state of one request.

    phase: one of PHASES. step, steps: of the attack; it may leave steps out. label: the class to get away
    from; label_from: "request", "dataset", "votes" (g names it), "most votes" (g abstains, its most frequent
    class) or "f" (its argmax). history: rows [step, loss, distance of the step's image, distance of the best
    image found or None, share of votes for the label], distances in the attack's norm. drawn: of the votes of
    the phase, out of `total`. counts_before, counts_after: votes per class of the verdict. certificate: of
    the original image, see rsviz.smoothing.Certificate; None for f. path: votes per class at the points so
    far. result: None until the end, see rsviz.attacks.run.
    """

    request: AttackRequest
    pictures: Pictures | None = None
    phase: str = "loading"
    step: int = 0
    steps: int = 0
    label: int | None = None
    label_from: str = ""
    history: list = field(default_factory=list)
    drawn: int = 0
    total: int = 0
    counts_before: list | None = None
    counts_after: list | None = None
    certificate: dict | None = None
    path: list = field(default_factory=list)
    result: dict | None = None

    def progress(self) -> dict:
        """All but request and pictures, for JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("request", "pictures")}

    def with_step(self, step, steps, row) -> "Evidence":
        """A step of the attack further; row: of the history."""
        history = [*self.history, [value if _finite(value) else None for value in row]]
        if len(history) > MAX_POINTS:
            history = history[:-1:2] + history[-1:]
        return replace(self, phase="attacking", step=step, steps=steps, history=history)

    def to_json(self) -> str:
        """All of it as one text, which `from_json` reads."""
        pictures = base64.b64encode(self.pictures.to_bytes()).decode() if self.pictures else None
        stored = {"request": self.request.model_dump(), **self.progress(), "pictures": pictures}
        return json.dumps(stored, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Evidence":
        try:
            values = json.loads(text)
            pictures = values.pop("pictures")
            return cls(
                request=make_request(**values.pop("request")),
                pictures=Pictures.from_bytes(base64.b64decode(pictures)) if pictures else None,
                **values,
            )
        except (KeyError, TypeError, ValueError, AttributeError, safetensors.SafetensorError):
            raise AttackError("this is not a file that `attack --save` wrote.") from None


def _finite(value):
    return value is not None and math.isfinite(value)


@functools.cache
def shipped_example() -> Evidence:
    """The finished attack that comes with rsviz; `attack --save` wrote it."""
    return Evidence.from_json((SHIPPED_CHECKPOINTS / "examples" / "attack.json").read_text("utf-8"))
