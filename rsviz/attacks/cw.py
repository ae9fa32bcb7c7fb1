"""Carlini and Wagner's l2 attack, with gradients averaged over the noise.

For a constant c, Adam minimises ||x' - x||^2 - c * margin(x') over w, where x' = (tanh(w) / S + 1) / 2. A
search over c, for each image its own, finds the least distortion. Source: Carlini and Wagner 2017, section
VI, objective f6; averaged gradients: Li et al. 2019, section 6.2.
"""

import functools
import math

import torch

from rsviz.attacks.parameters import CarliniWagner
from rsviz.attacks.problem import Problem, State, state
from rsviz.attacks.search import Judge
from rsviz.noise.streams import GRADIENT
from rsviz.norms import NORMS, per_image
from rsviz.smoothing.gradients import LOSSES

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


def run(problem: Problem, parameters: CarliniWagner, resume: State | None = None):
    """A generator of states. Where a constant brings nothing more, its other steps are left out.

    In memory: w, and Adam's moments m and v; c, the constant, low, the largest that was not enough, high, the
    smallest that was, enough, whether this one is; active, the images still at work on this constant; votes
    and margin, as last measured; found and distance of State.best; sum and before, of the loss since the last
    check of progress and before it.
    """
    p, x, victim, norm = parameters, problem.x, problem.victim, NORMS["l2"]
    n0 = p.draws if victim.noise is not None else 1
    draws = victim.draws(problem.shape, problem.seed, GRADIENT)
    judge = Judge(problem, p.votes, p.alpha)
    kappa = _kappa(problem, p)
    loss = functools.partial(LOSSES[p.loss], kappa=kappa)
    steps, at = p.searches * p.steps, resume.step if resume else 0
    memory, best = (dict(resume.memory), resume.best) if resume else (_first(problem, p), x)
    while at < steps:
        step = at % p.steps
        if step == 0:
            memory |= _begin_constant(problem, p, memory)
        rows = memory["active"].nonzero()[:, 0]
        current = pixels(memory["w"])
        noise = draws.take(0 if p.common_draws else at * n0, n0)
        measured = victim.measure(current[rows], noise, loss, problem.goal[rows], gradient=True)
        memory |= {
            "votes": memory["votes"].index_copy(0, rows, measured.votes),
            "margin": memory["margin"].index_copy(0, rows, measured.loss),
        }
        delta = current - x
        distance = norm.length(delta)
        total = distance.square() - memory["c"] * memory["margin"]
        reached, new = _look(problem, judge, kappa, memory, current, distance, measured, rows, at)
        best = torch.where(new[:, None, None, None], current, best)
        memory |= {
            "enough": memory["enough"] | reached,
            "found": memory["found"] | new,
            "distance": torch.where(new, distance, memory["distance"]),
        }
        memory |= _move(memory, delta, measured.gradient, rows, step, p)
        memory |= _progress(memory, total, step, p)
        at += 1
        if not memory["active"].any():
            at = -(-at // p.steps) * p.steps
        if at % p.steps == 0:
            memory |= _next_constant(memory)
            at = at if _wanted(problem, p, memory).any() else steps
        yield state(
            problem,
            norm,
            step=at,
            steps=steps,
            current=current,
            votes=memory["votes"],
            loss=total,
            best=best,
            found=memory["found"],
            memory=dict(memory),
        )


def pixels(w):
    """The images (B, C, H, W) in [0, 1] that stand behind w."""
    return ((torch.tanh(w) / INSIDE + 1) / 2).clamp(0, 1)


def behind(x):
    """The w of images in [0, 1]; finite at 0 and 1 too."""
    return torch.atanh((2 * x - 1) * INSIDE)


def _kappa(problem, p):
    if p.kappa is not None:
        return p.kappa
    return 0.0 if problem.victim.noise is None else 1.0


def _first(problem, p):
    x = problem.x
    each = torch.ones(len(x), device=x.device)
    return {
        "c": p.constant * each,
        "low": 0 * each,
        "high": math.inf * each,
        "found": each < 0,
        "distance": math.inf * each,
        "votes": torch.zeros((len(x), problem.victim.num_classes), dtype=torch.int64, device=x.device),
        "margin": 0 * each,
    }


def _begin_constant(problem, p, memory):
    w, each = behind(problem.x), torch.ones(len(problem.x), device=problem.x.device)
    return {
        "w": w,
        "m": torch.zeros_like(w),
        "v": torch.zeros_like(w),
        "active": _wanted(problem, p, memory),
        "enough": each < 0,
        "sum": 0 * each,
        "before": math.inf * each,
    }


def _wanted(problem, p, memory):
    """(B,) bool: the images on which there is more to be had; see CarliniWagner.epsilon."""
    enough = problem.sizes(p.epsilon)
    return memory["distance"] > (0 if enough is None else enough)


def _look(problem, judge, kappa, memory, current, distance, measured, rows, at):
    """(B,) bool twice: whether the goal is reached, and whether that is nearer than what was found before.

    f is judged by its margin. Under noise the draws of the gradient only say whom it is worth to judge.
    """
    reached = problem.goal[rows].reached(measured.votes.argmax(1))
    closer = distance[rows] < memory["distance"][rows]
    if problem.victim.noise is None:
        reached &= measured.loss >= kappa
    else:
        asked = (reached & (closer | ~memory["enough"][rows])).nonzero()[:, 0]
        confirmed = judge(current[rows[asked]], rows[asked], at)
        reached = torch.zeros_like(reached).index_copy(0, asked, confirmed)
    none = torch.zeros_like(memory["found"])
    return none.index_copy(0, rows, reached), none.index_copy(0, rows, reached & closer)


def _move(memory, delta, gradient, rows, step, p):
    """One step of Adam for the active images."""
    w, m, v = (memory[name][rows] for name in ("w", "m", "v"))
    slope = 2 * delta[rows] - per_image(memory["c"][rows], delta) * gradient
    slope = slope * (1 - torch.tanh(w).square()) / (2 * INSIDE)
    m = BETA1 * m + (1 - BETA1) * slope
    v = BETA2 * v + (1 - BETA2) * slope.square()
    m_hat, v_hat = m / (1 - BETA1 ** (step + 1)), v / (1 - BETA2 ** (step + 1))
    end = math.atanh(INSIDE)
    w = (w - p.learning_rate * m_hat / (v_hat.sqrt() + TINY)).clamp(-end, end)
    return {name: memory[name].index_copy(0, rows, new) for name, new in (("w", w), ("m", m), ("v", v))}


def _progress(memory, total, step, p):
    """Images whose loss no longer falls leave this constant. Sums are compared: single losses are noisy."""
    every = math.ceil(p.steps / CHECKS)
    added = memory["sum"] + total
    if not p.abort_early or (step + 1) % every:
        return {"sum": added}
    falls = ~(added > memory["before"] - BETTER * memory["before"].abs())
    return {"sum": 0 * added, "before": added, "active": memory["active"] & falls}


def _next_constant(memory):
    """Up or down by FACTOR until one constant was enough and one was not; then the geometric mean."""
    low = torch.where(memory["enough"], memory["low"], memory["c"])
    high = torch.where(memory["enough"], memory["c"], memory["high"])
    c = torch.where(high.isinf(), low * FACTOR, torch.where(low == 0, high / FACTOR, (low * high).sqrt()))
    return {"low": low, "high": high, "c": c}
