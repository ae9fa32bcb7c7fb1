"""Projected gradient descent with gradients averaged over the noise.

x_{k+1} = clip(P(x_k + a * s(1/n0 sum_i grad L(f(x_k + r_i), y)))), r_i the noise: Li et al. 2019, section
6.2; with L = -log of the mean softmax it is SmoothAdv's attack, Salman et al. 2019. P projects to the ball
around x, s is the direction of steepest ascent in the attack's norm, clip keeps pixels in [0, 1].
"""

import torch

from rsviz.attacks.parameters import EotPgd
from rsviz.attacks.problem import ROUNDING, Problem, State, state
from rsviz.noise import block_seed
from rsviz.noise.streams import CONFIRM, GRADIENT, START
from rsviz.norms import NORMS, per_image
from rsviz.smoothing.gradients import LOSSES


def run(problem: Problem, parameters: EotPgd, resume: State | None = None):
    """A generator of states: for each start its steps, then one look at where they led.

    f is deterministic, so each of its iterates is judged as it is, and the best of all is kept. Under noise
    the iterate that looks best is the one whose draws were lucky: there only the last of each start counts,
    on draws of their own that are the same for every start. Better is: goal reached, then larger loss.
    """
    p, victim, x, goal = parameters, problem.victim, problem.x, problem.goal
    norm, loss = NORMS[p.norm], LOSSES[p.loss]
    epsilon = problem.sizes(p.epsilon) * (1 - ROUNDING)
    size = 2.5 * epsilon / p.steps if p.step_size is None else p.step_size
    n0 = p.draws if victim.noise is not None else 1
    draws = victim.draws(problem.shape, problem.seed, GRADIENT)
    last_draws = victim.draws(problem.shape, problem.seed, CONFIRM)
    steps = p.restarts * (p.steps + 1)

    memory = resume.memory if resume else _nothing_yet(x)
    best = resume.best if resume else x
    for at in range(resume.step if resume else 0, steps):
        restart, step = divmod(at, p.steps + 1)
        last = step == p.steps
        current = _start(problem, p, norm, epsilon, restart) if step == 0 else memory["next"]
        noise = last_draws.take(0, n0) if last else draws.take(0 if p.common_draws else at * n0, n0)
        measured = victim.measure(current, noise, loss, goal, gradient=not last)
        if last or victim.noise is None:
            best, memory = _keep_better(best, memory, current, measured, goal)
        if not last:
            moved = current - x + norm.step(measured.gradient, size)
            memory = memory | {"next": (x + norm.project(moved, epsilon)).clamp(0, 1)}
        yield state(
            problem,
            norm,
            step=at + 1,
            steps=steps,
            current=current,
            votes=measured.votes,
            loss=measured.loss,
            best=best,
            found=memory["reached"],
            memory=memory,
        )


def _nothing_yet(x):
    return {
        "next": x,
        "reached": torch.zeros(len(x), dtype=torch.bool, device=x.device),
        "loss": torch.full((len(x),), -torch.inf, device=x.device),
    }


def _start(problem, p, norm, epsilon, restart):
    if restart == 0 and not p.random_start:
        return problem.x
    generator = torch.Generator().manual_seed(block_seed(problem.seed, START, restart))
    delta = norm.random((1, *problem.shape), 1.0, generator).to(problem.x.device)
    return (problem.x + delta * per_image(epsilon, problem.x)).clamp(0, 1)


def _keep_better(best, memory, current, measured, goal):
    reached = goal.reached(measured.votes.argmax(1))
    loss = measured.loss
    better = (reached & ~memory["reached"]) | ((reached == memory["reached"]) & (loss > memory["loss"]))
    best = torch.where(better[:, None, None, None], current, best)
    memory = memory | {
        "reached": memory["reached"] | reached,
        "loss": torch.where(better, loss, memory["loss"]),
    }
    return best, memory
