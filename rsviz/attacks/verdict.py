"""The verdict on an attack: what PREDICT answers before and after, on fresh noise that no attack has seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from rsviz.attacks.problem import check
from rsviz.attacks.victim import Victim
from rsviz.errors import RsvizError
from rsviz.norms import NORMS
from rsviz.smoothing import ABSTAIN


@dataclass(frozen=True)
class Verdict:
    """What became of one image.

    verdict: "changed" where the classifier names one class at the original and another at the adversarial
    image, "abstained" where it names none at one of them, else "unchanged". It is about the classifier's own
    answers: `wrong` says whether the answer after is a class other than the label, `hit` whether it is the
    target (None where there is none). before, after: the answers, ABSTAIN where there is none; for g those of
    PREDICT with `votes` draws at level alpha, wrong with probability at most alpha each; for f its argmax.
    counts_before, counts_after: votes per class, different draws. share_before, share_after: of the label.
    l2, linf: lengths of the perturbation in pixel units, in float64.
    """

    verdict: Literal["changed", "abstained", "unchanged"]
    label: int
    target: int | None
    before: int
    after: int
    counts_before: tuple[int, ...]
    counts_after: tuple[int, ...]
    votes: int
    alpha: float
    seed: int
    l2: float
    linf: float

    @property
    def wrong(self) -> bool:
        return self.after not in (ABSTAIN, self.label)

    @property
    def hit(self) -> bool | None:
        return None if self.target is None else self.after == self.target

    @property
    def share_before(self) -> float:
        return self.counts_before[self.label] / self.votes

    @property
    def share_after(self) -> float:
        return self.counts_after[self.label] / self.votes


def verdicts(
    victim: Victim, x, adversarial, labels, *, targets=None, votes=1000, alpha=0.001, seed=0
) -> Iterator[Verdict]:
    """A Verdict for each image, one after the other, so that the caller can stop between them.

    x, adversarial: float images (B, C, H, W) in [0, 1]. labels, targets: as for `attack`. votes: of PREDICT,
    for the original and again for the adversarial image; f is asked once. The draws are a pure function of
    the seed, and others than those of any attack with that seed.
    """
    if isinstance(votes, bool) or not isinstance(votes, int) or votes < 1:
        raise RsvizError(f"votes is {votes}; it must be an integer of at least 1.")
    if not 0 < alpha < 1:
        raise RsvizError(f"alpha is {alpha}; it must lie between 0 and 1.")
    problem = check(victim, x, labels, targets=targets, seed=seed)
    after = check(victim, adversarial, labels, seed=seed).x
    if after.shape != problem.x.shape:
        raise RsvizError(
            f"adversarial has shape {tuple(after.shape)} and x {tuple(problem.x.shape)}; they must agree."
        )
    votes = 1 if victim.noise is None else votes
    return (_verdict(problem, after, row, votes, alpha) for row in range(len(after)))


def _verdict(problem, adversarial, row, votes, alpha) -> Verdict:
    victim, one = problem.victim, slice(row, row + 1)
    pair = torch.cat([problem.x[one], adversarial[one]])
    counts = victim.fresh_votes(pair, votes, problem.seed)
    before, after = victim.predict(counts, alpha).tolist()
    delta = adversarial[one].cpu().double() - problem.x[one].cpu().double()
    targets = problem.goal.targets
    return Verdict(
        verdict=word(before, after),
        label=int(problem.goal.labels[row]),
        target=None if targets is None else int(targets[row]),
        before=before,
        after=after,
        counts_before=tuple(counts[0].tolist()),
        counts_after=tuple(counts[1].tolist()),
        votes=votes,
        alpha=alpha,
        seed=problem.seed,
        l2=float(NORMS["l2"].length(delta)[0]),
        linf=float(NORMS["linf"].length(delta)[0]),
    )


def word(before: int, after: int) -> str:
    """The verdict on two answers; see Verdict."""
    if ABSTAIN in (before, after):
        return "abstained"
    return "unchanged" if before == after else "changed"


def tally(found: list[Verdict]) -> dict[str, int]:
    """How many images came out how."""
    return {word: sum(v.verdict == word for v in found) for word in ("changed", "abstained", "unchanged")}
