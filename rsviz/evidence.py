"""What a certificate rests on, as far as it has come: votes, their path, and the pictures that were voted on.

Importing this module does not import torch.
"""

import base64
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import safetensors.numpy

from rsviz.certification import CertifyRequest, Run, make_request
from rsviz.errors import RsvizError
from rsviz.files import SHIPPED_CHECKPOINTS

EXAMPLES = 8
"""Noisy copies that are kept: the first estimating draws."""

SPACING = 1.03
"""Of moments of the path that are closer than this ratio the newest is kept: its axis is logarithmic."""


@dataclass(frozen=True)
class Pictures:
    """x: the input float32 (C, H, W). noisy: noisy copies (EXAMPLES, C, H, W). votes: what f said to them."""

    x: np.ndarray
    noisy: np.ndarray
    votes: np.ndarray

    # safetensors, not npz: NumPy reads its headers with Python's parser, and in CPython 3.11 that fails
    # now and then where many threads parse at once, as those of a class's pages do.
    def to_bytes(self) -> bytes:
        arrays = {"x": self.x.astype(np.float32), "noisy": self.noisy.astype(np.float16), "votes": self.votes}
        return safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in arrays.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Pictures":
        arrays = safetensors.numpy.load(content)
        return cls(arrays["x"], arrays["noisy"].astype(np.float32), arrays["votes"])


@dataclass(frozen=True)
class Evidence:
    """The state of one request.

    counts0, counts: votes per class of the selecting and the estimating draws so far. top: the class that
    is counted for, None while it is being selected. history: rows [votes drawn, votes for the top class,
    votes for the largest other one, p_a_lower, p_b_upper], the limits being those that could be claimed at
    that moment. certificate: None until the run has ended.
    """

    request: CertifyRequest
    pictures: Pictures | None = None
    counts0: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    top: int | None = None
    history: list = field(default_factory=list)
    certificate: dict | None = None

    @property
    def drawn(self) -> int:
        return sum(self.counts)

    @property
    def limits(self) -> tuple[float, float] | None:
        """(p_a_lower, p_b_upper) that may be claimed now; None before the first estimating vote."""
        return tuple(self.history[-1][3:]) if self.history else None

    def progress(self) -> dict:
        """The part that changes while votes arrive, for JSON."""
        return {
            "counts0": list(self.counts0),
            "counts": list(self.counts),
            "top": self.top,
            "history": self.history,
        }

    def to_json(self) -> str:
        """All of it as one text, which `from_json` reads."""
        pictures = base64.b64encode(self.pictures.to_bytes()).decode() if self.pictures else None
        return json.dumps(
            {
                "request": self.request.model_dump(),
                **self.progress(),
                "certificate": self.certificate,
                "pictures": pictures,
            },
            indent=1,
        )

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
            raise RsvizError("this is not a file that `certify --save` wrote.") from None


@functools.cache
def shipped_example() -> Evidence:
    """The finished certificate that comes with rsviz; `certify --save` wrote it."""
    return Evidence.from_json((SHIPPED_CHECKPOINTS / "examples" / "certify.json").read_text("utf-8"))


def pictures_of(run: Run) -> Pictures:
    """The input and the first noisy copies, drawn again; a draw is a function of its number."""
    return Pictures(run.x, *run.smoothed.examples(run.x, EXAMPLES, run.request.seed))


def record(run: Run, pictures: Pictures | None = None, votes=None, history=(), stop=None) -> Iterator[tuple]:
    """Certify, and yield (Evidence, Votes) after each slice of draws; the last one has the certificate.

    votes, history: of an interrupted run of the same request, to go on from. stop: see Run.stream.
    """
    evidence = Evidence(run.request, pictures, history=list(history))
    for snapshot in run.stream(votes, stop):
        history = evidence.history
        if snapshot.claim is not None:
            history = along(history, _row(snapshot))
        evidence = replace(
            evidence,
            counts0=snapshot.votes.counts0,
            counts=snapshot.votes.counts,
            top=snapshot.top,
            history=history,
            certificate=run.describe(snapshot.certificate) if snapshot.certificate else None,
        )
        yield evidence, snapshot.votes


def along(history: list, row: list) -> list:
    """The path with one more moment; after a break the first one comes again, and stands once."""
    history = [earlier for earlier in history if earlier[0] < row[0]]
    if len(history) > 1 and history[-1][0] < SPACING * history[-2][0]:
        history.pop()
    return [*history, row]


def _row(snapshot) -> list:
    """What the path of the votes keeps of a moment."""
    counts, top, claim = snapshot.votes.counts, snapshot.top, snapshot.claim
    largest_other = max(votes for label, votes in enumerate(counts) if label != top)
    return [snapshot.votes.drawn, counts[top], largest_other, claim.p_a_lower, claim.p_b_upper]
