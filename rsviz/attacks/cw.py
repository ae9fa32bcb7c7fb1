"""Carlini and Wagner's l2 attack, with gradients averaged over the noise.

For a constant c, Adam minimises ||x' - x||^2 - c * margin(x') over w, where x' = (tanh(w) / S + 1) / 2. A
search over c, for each image its own, finds the least distortion. Source: Carlini and Wagner 2017, section
VI, objective f6; averaged gradients: Li et al. 2019, section 6.2.
"""

import functools
import math
from typing import Annotated, Literal

from pydantic import Field

from rsviz.attacks.base import DistortionAttack, Moment, gradients, torch
from rsviz.attacks.parameters import (
    CommonDraws,
    Draws,
    Epsilon,
    Parameters,
    SearchAlpha,
    SearchVotes,
    Size,
    Steps,
    setting,
)
from rsviz.noise import streams
from rsviz.norms import per_image

INSIDE = 0.9
"""S: the pixels [0, 1] fill this share of tanh's range, so that w is finite at 0 and 1 and both can move."""

BETTER = 1e-4
"""Share by which a loss must fall to count as progress (Carlini and Wagner's code)."""

CHECKS = 10
"""Times that the progress of a constant is looked at (the same)."""

FACTOR = 10.0
"""Between constants, until one is known that is enough and one that is not (the same)."""

BETA1, BETA2, TINY = 0.9, 0.999, 1e-8
"""Adam's usual settings."""


class CarliniWagnerParameters(Parameters):
    """Settings of the attack; epsilon, votes, alpha: see DistortionAttack.

    steps: of Adam for one constant. learning_rate: of Adam, in the variable of tanh.
    searches: constants tried for each image. constant: the first of them.
    draws: noise draws that a gradient is averaged over. common_draws: as in BallParameters.
    loss: "margin" is Carlini and Wagner's f6, averaged over the draws; "log-margin" is that of the logarithms
    of the mean softmax; against f they are the same.
    kappa: confidence, the margin in logits beyond which nothing is gained; by default 0 against f, and 1
    against g, so that votes do not merely tie.
    abort_early: leave a constant when a tenth of its steps brought nothing.
    """

    norm: Literal["l2"] = "l2"
    epsilon: Epsilon | None = None
    steps: Steps = 100
    searches: Annotated[int, setting("Constants tried", "The search over c.", ge=1, le=100)] = 9
    draws: Draws = 16
    loss: Annotated[
        Literal["margin", "log-margin"],
        setting("Loss", "log-margin is that of g, margin the mean over f's."),
    ] = "log-margin"
    kappa: Annotated[
        Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None,
        setting("Confidence κ", "The margin in logits beyond which nothing is gained."),
    ] = None
    constant: Annotated[
        Size,
        setting("First constant c", "The weight of the margin."),
    ] = 1.0
    learning_rate: Annotated[
        Size,
        setting("Learning rate", "Of Adam."),
    ] = 0.1
    abort_early: Annotated[bool, setting("Leave a constant that brings nothing", "Saves time.")] = True
    votes: SearchVotes = 100
    alpha: SearchAlpha = 0.001
    common_draws: CommonDraws = False


class CarliniWagner(DistortionAttack):
    """Where a constant brings nothing more, its other steps are left out.

    In memory: w, and Adam's moments m and v; c, the constant, low, the largest that was not enough, high, the
    smallest that was, enough, whether this one is; active, the images still at work on this constant; votes
    and margin, as last measured; found and distance of the best image; sum and before, of the loss since the
    last check of progress and before it.
    """

    key = "cw"
    title = "Carlini-Wagner"
    source = "Carlini and Wagner 2017; averaged over noise: Li et al. 2019"
    seeks = "the least distortion"
    loss_words = "squared distortion minus c times the margin, which the attack makes smaller"
    parameters = CarliniWagnerParameters

    def __init__(self, problem, parameters):
        super().__init__(problem, parameters)
        kappa = 0.0 if self.victim.noise is None else 1.0
        self.kappa = kappa if parameters.kappa is None else parameters.kappa
        self.loss = functools.partial(gradients.LOSSES[parameters.loss], kappa=self.kappa)
        self.draws = self.noise_source(streams.GRADIENT)

    @property
    def steps(self):
        return self.p.searches * self.p.steps

    def begin(self):
        each = torch.ones(len(self.x), device=self.x.device)
        return {
            "c": self.p.constant * each,
            "low": 0 * each,
            "high": math.inf * each,
            "found": each < 0,
            "distance": math.inf * each,
            "votes": self.no_votes(),
            "margin": 0 * each,
        }

    def advance(self, at, best, memory):
        p, x, n0 = self.p, self.x, self.copies()
        step = at % p.steps
        if step == 0:
            memory = memory | self._begin_constant(memory)
        rows = memory["active"].nonzero()[:, 0]
        current = pixels(memory["w"])
        noise = self.draws.take(0 if p.common_draws else at * n0, n0)
        measured = self.victim.measure(current[rows], noise, self.loss, self.goal[rows], gradient=True)
        memory = memory | {
            "votes": memory["votes"].index_copy(0, rows, measured.votes),
            "margin": memory["margin"].index_copy(0, rows, measured.loss),
        }
        delta = current - x
        distance = self.norm.length(delta)
        total = distance.square() - memory["c"] * memory["margin"]
        reached, new = self._look(memory, current, distance, measured, rows, at)
        best = torch.where(new[:, None, None, None], current, best)
        memory |= {
            "enough": memory["enough"] | reached,
            "found": memory["found"] | new,
            "distance": torch.where(new, distance, memory["distance"]),
        }
        memory |= self._move(memory, delta, measured.gradient, rows, step)
        memory |= self._progress(memory, total, step)
        at += 1
        if not memory["active"].any():
            at = -(-at // p.steps) * p.steps
        if at % p.steps == 0:
            memory |= _next_constant(memory)
            at = at if self.unfinished(memory["distance"]).any() else self.steps
        return Moment(current, memory["votes"], total, best, memory["found"], memory, at)

    def _begin_constant(self, memory):
        w, each = behind(self.x), torch.ones(len(self.x), device=self.x.device)
        return {
            "w": w,
            "m": torch.zeros_like(w),
            "v": torch.zeros_like(w),
            "active": self.unfinished(memory["distance"]),
            "enough": each < 0,
            "sum": 0 * each,
            "before": math.inf * each,
        }

    def _look(self, memory, current, distance, measured, rows, at):
        """(B,) bool twice: whether the goal is reached, and whether that is the nearest so far.

        f is judged by its margin. Under noise the draws of the gradient preselect candidates; success is
        decided on fresh draws.
        """
        reached = self.goal[rows].reached(measured.votes.argmax(1))
        closer = distance[rows] < memory["distance"][rows]
        if self.victim.noise is None:
            reached &= measured.loss >= self.kappa
        else:
            asked = (reached & (closer | ~memory["enough"][rows])).nonzero()[:, 0]
            confirmed = self.judge(current[rows[asked]], rows[asked], at)
            reached = torch.zeros_like(reached).index_copy(0, asked, confirmed)
        none = torch.zeros_like(memory["found"])
        return none.index_copy(0, rows, reached), none.index_copy(0, rows, reached & closer)

    def _move(self, memory, delta, gradient, rows, step):
        """One step of Adam for the active images."""
        w, m, v = (memory[name][rows] for name in ("w", "m", "v"))
        slope = 2 * delta[rows] - per_image(memory["c"][rows], delta) * gradient
        slope = slope * (1 - torch.tanh(w).square()) / (2 * INSIDE)
        m = BETA1 * m + (1 - BETA1) * slope
        v = BETA2 * v + (1 - BETA2) * slope.square()
        m_hat, v_hat = m / (1 - BETA1 ** (step + 1)), v / (1 - BETA2 ** (step + 1))
        end = math.atanh(INSIDE)
        w = (w - self.p.learning_rate * m_hat / (v_hat.sqrt() + TINY)).clamp(-end, end)
        return {name: memory[name].index_copy(0, rows, new) for name, new in (("w", w), ("m", m), ("v", v))}

    def _progress(self, memory, total, step):
        """Images with a loss that no longer falls leave this constant. Sums are compared: single losses are
        noisy."""
        every = math.ceil(self.p.steps / CHECKS)
        added = memory["sum"] + total
        if not self.p.abort_early or (step + 1) % every:
            return {"sum": added}
        falls = ~(added > memory["before"] - BETTER * memory["before"].abs())
        return {"sum": 0 * added, "before": added, "active": memory["active"] & falls}


def pixels(w):
    """The images (B, C, H, W) in [0, 1] of the variables w."""
    return ((torch.tanh(w) / INSIDE + 1) / 2).clamp(0, 1)


def behind(x):
    """The w of images in [0, 1]; finite at 0 and 1 too."""
    return torch.atanh((2 * x - 1) * INSIDE)


def _next_constant(memory):
    """Up or down by FACTOR until one constant was enough and one was not; then the geometric mean."""
    low = torch.where(memory["enough"], memory["low"], memory["c"])
    high = torch.where(memory["enough"], memory["c"], memory["high"])
    c = torch.where(high.isinf(), low * FACTOR, torch.where(low == 0, high / FACTOR, (low * high).sqrt()))
    return {"low": low, "high": high, "c": c}
