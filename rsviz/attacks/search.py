"""What the attacks that look for the least distortion share: judging a point, and shrinking a distance."""

import torch

from rsviz.attacks.problem import Problem
from rsviz.noise.streams import CONFIRM
from rsviz.norms import per_image


class Judge:
    """Whether points reach the goal: PREDICT on fresh votes for g, one look for f.

    votes, alpha: of PREDICT. Draws are numbered by `moment`, so that no two moments of a search share them:
    a point that was kept for its lucky draws is found out by the next.
    """

    def __init__(self, problem: Problem, votes: int, alpha: float):
        self._problem, self._votes, self._alpha = problem, votes, alpha
        self._draws = problem.victim.draws(problem.shape, problem.seed, CONFIRM)

    def counts(self, points, moment: int):
        """Votes per class (b, K) at `points` (b, C, H, W)."""
        return self._problem.victim.count(points, self._votes, self._draws, moment * self._votes)

    def reached(self, counts, goal):
        """(b,) bool: whether these votes reach the goal."""
        return goal.reached(self._problem.victim.decide(counts, self._alpha))

    def __call__(self, points, rows, moment: int):
        """(b,) bool for the images `rows` (an index tensor) of the problem at `points` (b, C, H, W)."""
        if len(points) == 0:
            return torch.zeros(0, dtype=torch.bool, device=points.device)
        return self.reached(self.counts(points, moment), self._problem.goal[rows])


def shrink(problem: Problem, judge: Judge, points, found, moment: int, halvings: int = 10):
    """Bring found points nearer to their images along the straight line, by bisection.

    points: (B, C, H, W). found: (B,) bool; the others stay. Takes the draws of the moments [moment, moment +
    halvings). Returns points (B, C, H, W) that were judged to reach the goal.
    """
    x, rows = problem.x, found.nonzero()[:, 0]
    if len(rows) == 0:
        return points
    near, far = torch.zeros(len(rows), device=x.device), torch.ones(len(rows), device=x.device)
    points = points.clone()
    best = points[rows]
    for turn in range(halvings):
        middle = (near + far) / 2
        between = (x[rows] + per_image(middle, x) * (points[rows] - x[rows])).clamp(0, 1)
        reached = judge(between, rows, moment + turn)
        best = torch.where(reached[:, None, None, None], between, best)
        near, far = torch.where(reached, near, middle), torch.where(reached, middle, far)
    points[rows] = best
    return points
