"""The Boundary attack: a walk along the decision boundary towards the image, by answers alone.

From a point that the classifier gets wrong, propose a random step around the image at equal distance, then a
step towards it; keep what is still wrong. Both steps adapt. Source: Brendel, Rauber and Bethge 2018,
Algorithm 1, Figure 2.

Against g an answer is PREDICT's on fresh votes, and may be luck: a walk that keeps lucky points gets stuck
where no proposal passes. So where few steps are accepted, the point itself is judged again; one that fails
moves back outwards.
"""

from typing import Annotated, Literal

from rsviz.attacks.base import DistortionAttack, Moment, torch
from rsviz.attacks.parameters import Epsilon, Parameters, SearchAlpha, SearchVotes, Steps, setting
from rsviz.noise import streams
from rsviz.norms import NORMS, per_image

PATTERNS = 16
"""Starts tried of the attack's own: inverted image, black, white, grey, and noise."""

HALVINGS = 10
"""Of the way from the image to its start."""

WINDOW = 10
"""Answers after which a step size is looked at again."""

CHANGE = 1.5
"""Factor by which it then changes (foolbox's step_adaptation)."""

AROUND, TOWARDS = (0.2, 0.5), (0.1, 0.25)
"""Shares of accepted steps below which the step shrinks and above which it grows. The paper aims at one half
for the step around the image; steps towards it are accepted less often near the minimum."""


class BoundaryParameters(Parameters):
    """Settings of the attack; epsilon, votes, alpha: see DistortionAttack.

    steps: proposals for each image.
    orthogonal_step, source_step: first sizes of the step around the original and towards it, relative to the
    distance; they adapt.
    """

    norm: Literal["l2"] = "l2"
    epsilon: Epsilon | None = None
    steps: Steps = 1000
    votes: SearchVotes = 100
    alpha: SearchAlpha = 0.001
    orthogonal_step: Annotated[
        float, setting("First step around the original", "Share of the distance.", gt=0, le=1)
    ] = 0.1
    source_step: Annotated[float, setting("First step towards it", "Share of the distance.", gt=0, lt=1)] = (
        0.05
    )


class Boundary(DistortionAttack):
    """The first step finds a start, each other makes a proposal for every image.

    An image without a start stays as it is, with found False. In memory: found; votes, as last counted;
    around and towards, the relative step sizes; for each, tried and taken since it was last looked at.
    """

    key = "boundary"
    title = "Boundary"
    source = "Brendel, Rauber and Bethge 2018"
    seeks = "the least distortion, from votes alone"
    loss_words = "the distortion, which the attack makes smaller"
    parameters = BoundaryParameters
    needs_gradient = False

    @property
    def steps(self):
        return self.p.steps + 1

    @property
    def _attempts(self):
        return PATTERNS if self.problem.starts is None else len(self.problem.starts)

    def begin(self):
        each = torch.ones(len(self.x), device=self.x.device)
        memory = {"found": each < 0, "votes": self.no_votes(), "around": self.p.orthogonal_step * each}
        memory |= {"towards": self.p.source_step * each}
        counts = [f"{count} {step}" for count in ("tried", "taken") for step in ("around", "towards")]
        return memory | dict.fromkeys(counts, 0 * each)

    def advance(self, at, best, memory):
        if at == 0:
            best, memory = self._start(best, memory)
            current = best
        else:
            current, best, changed = self._propose(best, memory, at)
            memory = memory | changed
        distance = self.norm.length(best - self.x)
        ended = not self._wanted(best, memory).any()
        at = self.steps if ended else at + 1
        return Moment(current, memory["votes"], distance, best, memory["found"], memory, at)

    def _wanted(self, best, memory):
        """(B,) bool: images with a start that are not yet near enough."""
        return memory["found"] & self.unfinished(self.norm.length(best - self.x))

    def _start(self, best, memory):
        """(best, memory) with the first of the starts that reaches each image's goal, brought nearer."""
        x, found, votes = self.x, memory["found"], memory["votes"]
        for attempt in range(self._attempts):
            rows = (~found).nonzero()[:, 0]
            if len(rows) == 0:
                break
            points = self._candidates(rows, attempt)
            counts = self.count(points, attempt)
            reached = self.reached(counts, rows)
            votes = votes.index_copy(0, rows, counts)
            best = best.index_copy(0, rows, torch.where(reached[:, None, None, None], points, x[rows]))
            found = found.index_copy(0, rows, reached)
        best = self.shrink(best, found, self._attempts, HALVINGS)
        return best, memory | {"found": found, "votes": votes}

    def _candidates(self, rows, attempt):
        """(b, C, H, W): the attempt-th start of these images; of given starts, the nearest first."""
        x, starts = self.x[rows], self.problem.starts
        if starts is not None:
            order = torch.cdist(x.flatten(1), starts.flatten(1)).argsort(1)
            return starts[order[:, attempt]]
        if attempt == 0:
            return 1 - x
        if attempt <= 3:
            return torch.full_like(x, (0.0, 1.0, 0.5)[attempt - 1])
        noise = torch.rand(self.problem.shape, generator=self.generator(streams.START, attempt)).to(x.device)
        return (noise if attempt % 2 else noise.round()).expand_as(x)

    def _propose(self, best, memory, at):
        """One proposal for each image at work: (where it was made, the new best, changed memory)."""
        rows = self._wanted(best, memory).nonzero()[:, 0]
        x, start = self.x[rows], best[rows]
        random = torch.randn(self.problem.shape, generator=self.generator(streams.WALK, at)).to(x.device)
        around = _step_around(x, start, random, memory["around"][rows])
        # The moments of the start and of its halvings come first; a step of the walk takes three.
        moment = self._attempts + HALVINGS + 3 * at
        counts = self.count(around, moment)
        kept = self.reached(counts, rows)
        votes = memory["votes"].index_copy(0, rows, counts)
        changed, few = _adapt(memory, "around", AROUND, rows, kept)
        best, lucky = self._judge_again(best, memory, few, moment + 2)
        changed["around"] = torch.where(lucky, memory["around"], changed["around"])

        rows, x, start = rows[kept], x[kept], best[rows[kept]]
        towards = (x + per_image(1 - memory["towards"][rows], x) * (around[kept] - x)).clamp(0, 1)
        current = best
        if len(rows):
            counts = self.count(towards, moment + 1)
            votes = votes.index_copy(0, rows, counts)
            closer = self.norm.length(towards - x) < self.norm.length(start - x)
            taken = self.reached(counts, rows)
            current = best.index_copy(0, rows, towards)
            nearer = torch.where((taken & closer)[:, None, None, None], towards, start)
            best = best.index_copy(0, rows, nearer)
            changed |= _adapt(memory, "towards", TOWARDS, rows, taken)[0]
        return current, best, changed | {"votes": votes}

    def _judge_again(self, best, memory, few, moment):
        """(best, lucky): points of the images `few` that fail on fresh votes move away from their images."""
        rows = few.nonzero()[:, 0]
        if self.victim.noise is None or len(rows) == 0:
            return best, torch.zeros_like(few)
        lucky = torch.zeros_like(few).index_copy(0, rows, ~self.judge(best[rows], rows, moment))
        outwards = self.x + per_image(1 + memory["towards"], best) * (best - self.x)
        return torch.where(lucky[:, None, None, None], outwards.clamp(0, 1), best), lucky


def _step_around(x, start, random, size):
    """A random point at the distance of `start` from x, `size` times that distance away from it."""
    back = start - x
    distance = per_image(NORMS["l2"].length(back), x)
    along = (random * back).sum(dim=(1, 2, 3), keepdim=True) / distance.square().clamp(min=1e-30) * back
    step = random - along
    step = step * (per_image(size, x) * distance / per_image(NORMS["l2"].length(step), x).clamp(min=1e-30))
    moved = back + step
    return (x + moved * (distance / per_image(NORMS["l2"].length(moved), x).clamp(min=1e-30))).clamp(0, 1)


def _adapt(memory, name, bounds, rows, taken):
    """Count the answers of these images; the size changes where the last WINDOW of them say so.

    Returns what changes in memory, and (B,) bool: where the size shrank.
    """
    size = memory[name].clone()
    tried, kept = memory[f"tried {name}"].clone(), memory[f"taken {name}"].clone()
    tried[rows] += 1
    kept[rows] += taken.to(kept.dtype)
    full = tried >= WINDOW
    share = kept / tried.clamp(min=1)
    few = full & (share < bounds[0])
    size = torch.where(few, size / CHANGE, size)
    size = torch.where(full & (share > bounds[1]), (size * CHANGE).clamp(max=0.9), size)
    return {
        name: size,
        f"tried {name}": torch.where(full, 0, tried),
        f"taken {name}": torch.where(full, 0, kept),
    }, few
