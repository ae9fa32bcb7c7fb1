"""What is known of one attack, finished or not: its steps, votes, certificate, pictures. No torch."""

import json
import math
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rsviz.records import Record, plain, restored
from rsviz.smoothing import Certificate
from rsviz.tasks.attack.request import AttackRequest
from rsviz.tasks.image import on_another_machine
from rsviz.tasks.saved import SavedPictures, SavedProgress

if TYPE_CHECKING:
    from rsviz.attacks import State

PHASES = ("loading", "measuring", "attacking", "judging", "certifying", "path", "done")
MAX_ROWS = 400
"""Rows kept of the history; beyond that every other one is dropped."""


@dataclass(frozen=True)
class AttackPictures(SavedPictures):
    """x, adversarial: float32 (C, H, W) in [0, 1]; while the attack runs, the second is its present image."""

    x: np.ndarray
    adversarial: np.ndarray

    FLOAT = MappingProxyType({"x": np.float32, "adversarial": np.float32})


@dataclass(frozen=True)
class AttackPath(Record):
    """Votes for one class at POINTS images on the straight line from the original to the attacked image.

    followed: the certified class, or the label where nothing is certified. class_name: its name.
    norm: of the distances: that of the noise's tight bound, the attack's for f.
    distance: of each point from the original, pixel units. counts: votes per class at each point.
    share: of votes for the class. lower, upper: its Clopper-Pearson limits, at alpha / 2 on each side.
    envelope: least probability that the certificate allows. p_a_lower: of the certificate.
    f: softmax of f for the class, without noise.
    What does not exist for f, or without a certificate, is None.
    """

    followed: int = field(metadata={"json": "class"})
    class_name: str
    norm: str
    distance: list[float]
    counts: list[list[int]]
    share: list[float]
    lower: list[float] | None
    upper: list[float] | None
    envelope: list[float] | None
    p_a_lower: float | None
    f: list[float]


@dataclass(frozen=True)
class AttackResult(Record):
    """All that an attack found. Distances are in pixel units, in float64.

    attack, norm, epsilon, steps, parameters: what ran; epsilon None where it has no size.
    eot: draws of noise that each gradient was averaged over; None for an attack without gradients.
    label, label_name: the class to get away from; label_from: see AttackProgress. target: class or None.
    found: whether the attack believes that it succeeded. steps_taken: steps that it made.
    verdict, before, after, counts_before, counts_after: see rsviz.attacks.Verdict; before and after are None
    where g abstains. votes, alpha: of the verdict.
    softmax_before, softmax_after: of f, without noise.
    certificate: of the original; None for f.
    radii: of every rigorous bound for the original, in the bound's own norm.
    radii_in_norm: of the ball of the attack's norm inside it.
    inside: keys of the bounds with a ball that holds the attacked image.
    history: see AttackProgress. noise: key, None for f. image: the source. surrogate: checkpoint or None.
    device, precision, batch: how the passes were made.
    """

    attack: str
    norm: str
    epsilon: float | None
    eot: int | None
    steps: int
    parameters: dict[str, Any]
    seed: int
    label: int
    label_name: str
    label_from: str
    target: int | None
    distance_l1: float
    distance_l2: float
    distance_linf: float
    found: bool
    steps_taken: int
    verdict: Literal["changed", "abstained", "unchanged"]
    before: int | None
    after: int | None
    before_name: str | None
    after_name: str | None
    counts_before: list[int]
    counts_after: list[int]
    votes: int
    alpha: float
    softmax_before: list[float]
    softmax_after: list[float]
    certificate: Certificate | None
    radii: dict[str, float]
    radii_in_norm: dict[str, float]
    inside: list[str]
    path: AttackPath
    history: list[list]
    noise: str | None
    scale: float
    checkpoint: str
    weights_sha256: str
    surrogate: str | None
    image: dict[str, Any]
    image_sha256: str
    device: str
    precision: str
    batch: int

    @property
    def distance(self) -> float:
        """Length of the perturbation in the attack's norm."""
        return getattr(self, f"distance_{self.norm}")

    @property
    def certified_class(self) -> int | None:
        """The class that is certified at the original, None where there is none."""
        certificate = self.certificate
        return None if certificate is None or certificate.abstained else certificate.predicted

    @property
    def best_radius(self) -> tuple[str, float] | None:
        """(key, radius in the attack's norm) of the bound that certifies most there; None: no bound does."""
        radii = {key: radius for key, radius in self.radii_in_norm.items() if radius > 0}
        return max(radii.items(), key=lambda item: item[1]) if radii else None

    @property
    def contradicts(self) -> bool:
        """Whether g names another class than the certified one inside a certified ball."""
        if self.certified_class is None or not self.inside:
            return False
        return self.after not in (None, self.certified_class)

    def repeated(self, request: AttackRequest) -> AttackRequest:
        """The request that repeats the attack on another machine: label and execution are fixed."""
        fixed = {name: getattr(self, name) for name in ("label", "target", "device", "precision", "batch")}
        return request.model_copy(update=fixed | {"image": on_another_machine(request.image)})


@dataclass(frozen=True)
class AttackProgress(SavedProgress):
    """The state of one request.

    phase: one of PHASES. step, steps: of the attack, which may leave steps out.
    label: the class to get away from. label_from: "request", "dataset", "votes" (g names it), "most votes" (g
    abstains, its most frequent class) or "f" (its answer).
    history: rows [step, loss, distance of the step's image, distance of the best image found or None, share
    of votes for the label], distances in the attack's norm.
    drawn: votes of this phase so far, of `total`.
    counts_before, counts_after: votes per class of the verdict.
    certificate: see AttackResult. path: votes per class at the points so far.
    result: None until the end.
    plans, state, certify_votes: what a restart needs beside the request: device, precision and batch of
    victim and surrogate; the attack's own state; the votes of a certificate that is not finished.
    """

    REQUEST = AttackRequest
    PICTURES = AttackPictures

    request: AttackRequest
    pictures: AttackPictures | None = None
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
    certificate: Certificate | None = None
    path: list = field(default_factory=list)
    result: AttackResult | None = None
    plans: dict = field(default_factory=dict)
    state: "State | None" = None
    certify_votes: dict | None = None

    @property
    def adversarial(self) -> np.ndarray:
        """The best image that the attack has found, float32 (C, H, W)."""
        return self.state.best[0].cpu().numpy()

    def with_step(self, state: "State", row: list) -> "AttackProgress":
        """After a step of the attack. row: of the history."""
        finite = [value if value is not None and math.isfinite(value) else None for value in row]
        history = [*self.history, finite]
        if len(history) > MAX_ROWS:
            history = history[:-1:2] + history[-1:]
        now = {"step": state.step, "steps": state.steps, "history": history, "state": state}
        return replace(self, phase="attacking", **now)

    def stored(self) -> dict[str, Any]:
        """All but request, pictures and what only a restart needs, for JSON."""
        return {name: plain(getattr(self, name)) for name in _STORED}

    @classmethod
    def gathered(cls, request: AttackRequest, pictures, values: dict[str, Any]) -> "AttackProgress":
        """What `stored` gave, also in an older version."""
        kinds = {"result": AttackResult, "certificate": Certificate}
        records = {name: restored(kind, values.get(name)) for name, kind in kinds.items()}
        return cls(request, pictures, **values | records)

    def to_bytes(self) -> bytes:
        """For a job that may be killed: a line of JSON, then the attack's state."""
        line = {"progress": self.stored(), "plans": self.plans, "votes": self.certify_votes}
        return json.dumps(line).encode() + b"\n" + (self.state.to_bytes() if self.state else b"")

    @classmethod
    def from_bytes(cls, content: bytes, request: AttackRequest) -> "AttackProgress":
        """What `to_bytes` wrote; only for files of one's own."""
        from rsviz.attacks import State

        line, _, state = content.partition(b"\n")
        stored = json.loads(line)
        progress = cls.gathered(request, None, stored["progress"])
        found = State.from_bytes(state) if state else None
        return replace(progress, plans=stored["plans"], certify_votes=stored["votes"], state=found)


_ONLY_FOR_A_RESTART = ("request", "pictures", "plans", "state", "certify_votes")
_STORED = tuple(one.name for one in fields(AttackProgress) if one.name not in _ONLY_FOR_A_RESTART)


def shipped_example() -> AttackProgress:
    """The finished attack that comes with rsviz, on the image of the shipped certificate; it was made by

    python -m rsviz attack --checkpoint mnist-gaussian-0.70 --sample 5-a --attack eot-pgd --epsilon 2.5 \
        --device cpu --precision float32 --batch 256 --save checkpoints/examples/attack.json
    """
    return AttackProgress.example()
