"""Loss terms and accuracy, summed on the device until somebody is told; and the likely cause of a NaN."""

import math
import time

import torch

from rsviz.training.objectives import METHODS


class Tally:
    """Sums over the images since the last report, the last line, and the beginning of the epoch.

    seconds: of training so far, restarts included.
    """

    def __init__(self, device, team):
        self._team = team
        self._options = {"dtype": torch.float32 if device.type == "mps" else torch.float64, "device": device}
        self.names: tuple[str, ...] = ()
        self.seconds = 0.0
        self._sums = {"report": None, "line": None, "epoch": None}
        self._reported = time.perf_counter()

    def add(self, outcome, y, count) -> None:
        """Count the Outcome of one step over `count` images."""
        if not self.names:
            self.names = tuple(outcome.terms)
        right = (outcome.logits.argmax(1) == y).double().mean() if count else torch.zeros_like(outcome.total)
        parts = [*outcome.terms.values(), right, torch.ones_like(right)]
        sums = torch.stack([part.to(**self._options) for part in parts]) * count
        for kind, total in self._sums.items():
            self._sums[kind] = sums.clone() if total is None else total.add_(sums)

    def due(self, every: float) -> bool:
        """Whether the last report is so many seconds ago."""
        return time.perf_counter() - self._reported >= every

    def report(self) -> dict:
        """loss, terms, accuracy and images_per_second since the last report, of this process alone."""
        sums, self._sums["report"] = self._sums["report"], None
        now = time.perf_counter()
        seconds, self._reported = now - self._reported, now
        if sums is None:
            return {}
        *terms, accuracy, count = sums.tolist()
        terms = {name: value / count for name, value in zip(self.names, terms, strict=True)}
        return {
            "loss": sum(terms.values()),
            "terms": terms,
            "accuracy": accuracy / count,
            "images_per_second": count / seconds,
        }

    def take(self, kind: str) -> tuple[dict[str, float], float]:
        """(terms, accuracy) since the last line, or over the epoch, over all processes; it begins anew."""
        sums, self._sums[kind] = self._team.total(self._sums[kind]), None
        *terms, accuracy, count = sums.tolist()
        return {name: v / count for name, v in zip(self.names, terms, strict=True)}, accuracy / count

    def to_json(self) -> dict:
        """What a restart needs, exactly."""
        sums = {kind: total.tolist() for kind, total in self._sums.items() if total is not None}
        return {"names": list(self.names), "seconds": self.seconds, "sums": sums}

    def restore(self, values: dict) -> None:
        """Go on from what `to_json` gave; a report begins anew."""
        self.names, self.seconds = tuple(values["names"]), values["seconds"]
        for kind in ("line", "epoch"):
            if kind in values["sums"]:
                self._sums[kind] = torch.tensor(values["sums"][kind], **self._options)


def why_not_finite(terms: dict[str, float], request, about, step: int) -> str | None:
    """A sentence that names the epoch and the likely cause where a term is not finite, None where all are.

    step: done so far, 1 for the first: its loss is that of fresh weights, so learning is not to blame. Later,
    a parameter of the method is, where only some of the terms are lost.
    """
    lost = [name for name, value in terms.items() if not math.isfinite(value)]
    if not lost:
        return None
    epoch = -(-step * about.epochs // about.steps)
    parameters = METHODS[request.method].parameters(**request.parameters).model_dump()
    settings = ", ".join(f"{name} = {value:g}" for name, value in parameters.items() if _is_number(value))
    coarse = ", or bfloat16 too coarse for it" if about.precision == "bfloat16" else ""
    if step > 1 and (len(lost) == len(terms) or not settings):
        cause = f"the learning rate {request.learning_rate:g} is too high{coarse}"
    elif settings:
        cause = f"a parameter of the method {request.method} does not fit ({settings}){coarse}"
    else:
        cause = f"the images hold something that is no number{coarse}"
    what = "the loss" if len(lost) == len(terms) else f"its term {lost[0]}"
    return (
        f"Training stopped in epoch {epoch} of {about.epochs}: {what} is no longer finite, most likely "
        f"because {cause}; no checkpoint was saved."
    )


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
