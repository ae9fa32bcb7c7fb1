"""The Boundary attack: a walk along the decision boundary towards the image, by answers alone.

From a point that the classifier gets wrong, propose a random step around the image at equal distance, then a
step towards it; keep what is still wrong. Both steps adapt. Source: Brendel, Rauber and Bethge 2018,
Algorithm 1, Figure 2.

Against g an answer is PREDICT's on fresh votes, and may be luck: a walk that keeps lucky points comes to
stand where nothing passes again. So where few steps are accepted, the point itself is asked again, and one
that fails goes back outwards.
"""

import torch

from rsviz.attacks.parameters import Boundary
from rsviz.attacks.problem import Problem, State, state
from rsviz.attacks.search import Judge, shrink
from rsviz.noise import block_seed
from rsviz.noise.streams import START, WALK
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
for the step around the image; the steps towards it are accepted the less often the nearer the minimum."""


def run(problem: Problem, parameters: Boundary, resume: State | None = None):
    """A generator of states: the first has found a start, each other has made a proposal for every image.

    An image without a start stays as it is, with found False. In memory: found; votes, as last counted;
    around and towards, the relative step sizes; for each, tried and taken since it was last looked at.
    """
    p, x = parameters, problem.x
    judge = Judge(problem, p.votes, p.alpha)
    steps = p.steps + 1
    memory, best = (dict(resume.memory), resume.best) if resume else (None, None)
    for at in range(resume.step if resume else 0, steps):
        if at == 0:
            best, memory = _start(problem, judge, p)
            current = best
        else:
            current, best, changed = _propose(problem, judge, p, best, memory, at)
            memory |= changed
        distance = NORMS["l2"].length(best - x)
        done = at + 1 == steps or not _wanted(problem, p, best, memory).any()
        yield state(
            problem,
            NORMS["l2"],
            step=steps if done else at + 1,
            steps=steps,
            current=current,
            votes=memory["votes"],
            loss=distance,
            best=best,
            found=memory["found"],
            memory=dict(memory),
        )
        if done:
            return


def _wanted(problem, p, best, memory):
    """(B,) bool: images with a start that are not yet near enough; see CarliniWagner.epsilon."""
    enough = problem.sizes(p.epsilon)
    distance = NORMS["l2"].length(best - problem.x)
    return memory["found"] & (distance > (0 if enough is None else enough))


def _start(problem, judge, p):
    x = problem.x
    each = torch.ones(len(x), device=x.device)
    best, found = x, each < 0
    votes = torch.zeros((len(x), problem.victim.num_classes), dtype=torch.int64, device=x.device)
    attempts = PATTERNS if problem.starts is None else len(problem.starts)
    for attempt in range(attempts):
        rows = (~found).nonzero()[:, 0]
        if len(rows) == 0:
            break
        points = _candidates(problem, rows, attempt)
        counts = judge.counts(points, attempt)
        reached = judge.reached(counts, problem.goal[rows])
        votes = votes.index_copy(0, rows, counts)
        best = best.index_copy(0, rows, torch.where(reached[:, None, None, None], points, x[rows]))
        found = found.index_copy(0, rows, reached)
    best = shrink(problem, judge, best, found, attempts, HALVINGS)
    memory = {"found": found, "votes": votes, "around": p.orthogonal_step * each}
    memory |= {"towards": p.source_step * each}
    memory |= {f"{count} {step}": 0 * each for count in ("tried", "taken") for step in ("around", "towards")}
    return best, memory


def _candidates(problem, rows, attempt):
    """(b, C, H, W): the attempt-th start of these images; of starts that were given, the nearest first."""
    x = problem.x[rows]
    if problem.starts is not None:
        order = torch.cdist(x.flatten(1), problem.starts.flatten(1)).argsort(1)
        return problem.starts[order[:, attempt]]
    if attempt == 0:
        return 1 - x
    if attempt <= 3:
        return torch.full_like(x, (0.0, 1.0, 0.5)[attempt - 1])
    noise = torch.rand(problem.shape, generator=_generator(problem, START, attempt)).to(x.device)
    return (noise if attempt % 2 else noise.round()).expand_as(x)


def _generator(problem, stream, number):
    return torch.Generator().manual_seed(block_seed(problem.seed, stream, number))


def _propose(problem, judge, p, best, memory, at):
    """One proposal for each image that is at work: (where it was made, the new best, changed memory)."""
    rows = _wanted(problem, p, best, memory).nonzero()[:, 0]
    x, start = problem.x[rows], best[rows]
    random = torch.randn(problem.shape, generator=_generator(problem, WALK, at)).to(x.device)
    around = _step_around(x, start, random, memory["around"][rows])
    # Moments of a start and its halvings come before those of the walk; three a step.
    moment = (PATTERNS if problem.starts is None else len(problem.starts)) + HALVINGS + 3 * at
    counts = judge.counts(around, moment)
    kept = judge.reached(counts, problem.goal[rows])
    votes = memory["votes"].index_copy(0, rows, counts)
    changed, few = _adapt(memory, "around", AROUND, rows, kept)
    best, lucky = _ask_again(problem, judge, best, memory, few, moment + 2)
    changed["around"] = torch.where(lucky, memory["around"], changed["around"])

    rows, x, start = rows[kept], x[kept], best[rows[kept]]
    towards = (x + per_image(1 - memory["towards"][rows], x) * (around[kept] - x)).clamp(0, 1)
    current = best
    if len(rows):
        counts = judge.counts(towards, moment + 1)
        votes = votes.index_copy(0, rows, counts)
        closer = NORMS["l2"].length(towards - x) < NORMS["l2"].length(start - x)
        taken = judge.reached(counts, problem.goal[rows])
        current = best.index_copy(0, rows, towards)
        nearer = torch.where((taken & closer)[:, None, None, None], towards, start)
        best = best.index_copy(0, rows, nearer)
        changed |= _adapt(memory, "towards", TOWARDS, rows, taken)[0]
    return current, best, changed | {"votes": votes}


def _ask_again(problem, judge, best, memory, few, moment):
    """(best, lucky): points of the images `few` that fail on fresh votes move away from their images."""
    rows = few.nonzero()[:, 0]
    if problem.victim.noise is None or len(rows) == 0:
        return best, torch.zeros_like(few)
    lucky = torch.zeros_like(few).index_copy(0, rows, ~judge(best[rows], rows, moment))
    outwards = problem.x + per_image(1 + memory["towards"], best) * (best - problem.x)
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
