"""What every attack is made of: its record, its loop, draws of noise, and two families of attacks.

An attack is one file with a class: its record (key, title, ...), the model of its parameters, and the step
that is its own. `BallAttack` looks for the largest loss within epsilon and needs a `move`; `DistortionAttack`
looks for the least distortion and needs `begin` and `advance`. Importing this module does not import torch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from rsviz.attacks.parameters import (
    LOSS_HELP,
    CommonDraws,
    Draws,
    Epsilon,
    Parameters,
    Size,
    Steps,
    setting,
)
from rsviz.lazy import lazy
from rsviz.noise import block_seed, streams
from rsviz.norms import NORMS, per_image

if TYPE_CHECKING:
    from rsviz.attacks.problem import Problem, State

torch = lazy("torch")
gradients = lazy("rsviz.smoothing.gradients")
problems = lazy("rsviz.attacks.problem")

ROUNDING = 1e-6
"""The ball is made smaller by this share, so that rounding of x + delta in float32 does not leave it."""


@dataclass(frozen=True)
class Moment:
    """What a step of an attack gave.

    current: images (B, C, H, W) that the step looked at, in [0, 1].
    votes: (B, classes) int64 on this step's draws. loss: (B,).
    best: (B, C, H, W), the images found so far. found: (B,) bool.
    memory: all that the next step needs. next: number of the next step; the attack ends at `Attack.steps`.
    """

    current: Any
    votes: Any
    loss: Any
    best: Any
    found: Any
    memory: dict
    next: int


class Attack:
    """One attack; an instance attacks the images of one problem.

    key: its name in requests. title, source: for screens. seeks: what it looks for. loss_words: what
    State.loss is. norms: keys of rsviz.norms in which it works. parameters: the model of its settings.
    needs_gradient: whether it differentiates f; else it asks for votes alone.
    takes_surrogate: whether it runs another attack, its parameter `attack`, on a surrogate.
    takes_epsilon: whether it needs a size, so that each size takes a run.
    one_run_gives_all_sizes: whether it finds the least distortion, which tells the outcome at every size.
    can_be_transferred: whether another attack may run it on a surrogate.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    seeks: ClassVar[str]
    loss_words: ClassVar[str]
    norms: ClassVar[tuple[str, ...]]
    parameters: ClassVar[type[Parameters]]
    needs_gradient: ClassVar[bool] = True
    takes_surrogate: ClassVar[bool] = False
    takes_epsilon: ClassVar[bool] = False
    one_run_gives_all_sizes: ClassVar[bool] = False
    can_be_transferred: ClassVar[bool] = True

    def __init__(self, problem: "Problem", parameters: Any) -> None:
        self.problem, self.p = problem, parameters
        self.x, self.goal, self.victim = problem.x, problem.goal, problem.victim
        self.norm = NORMS[parameters.norm]

    @classmethod
    def draws_curves(cls) -> bool:
        """Whether a curve of robust accuracy can be made with it."""
        return cls.can_be_transferred and (cls.takes_epsilon or cls.one_run_gives_all_sizes)

    @classmethod
    def acting(cls, parameters: Any) -> tuple[type["Attack"], Any]:
        """The attack that moves the image, with its parameters; an attack on a surrogate runs another."""
        return cls, parameters

    @property
    def steps(self) -> int:
        """States in all; an attack may leave some out."""
        raise NotImplementedError

    def begin(self) -> dict:
        """What is in memory before the first step."""
        raise NotImplementedError

    def advance(self, at: int, best: Any, memory: dict) -> Moment:
        """Step number `at`, 0 .. steps - 1."""
        raise NotImplementedError

    def run(self, resume: "State | None" = None) -> Iterator["State"]:
        """A generator of states. resume: an earlier state; what follows is what would have followed."""
        at = resume.step if resume else 0
        best, memory = (resume.best, dict(resume.memory)) if resume else (self.x, self.begin())
        while at < self.steps:
            moment = self.advance(at, best, memory)
            at, best, memory = moment.next, moment.best, moment.memory
            yield problems.state_of(self.problem, self.norm, moment, self.steps)

    def noise_source(self, stream: int) -> Any:
        """Numbered draws of noise for one purpose."""
        return self.victim.draws(self.problem.shape, self.problem.seed, stream)

    def generator(self, stream: int, number: int) -> Any:
        """A generator whose draws are a pure function of (seed, stream, number)."""
        return torch.Generator().manual_seed(block_seed(self.problem.seed, stream, number))

    def copies(self) -> int:
        """Noisy copies that a gradient is averaged over; 1 for f itself."""
        return self.p.draws if self.victim.noise is not None else 1


class BallParameters(Parameters):
    """Settings of an attack in a ball.

    norm: of the ball. epsilon: its radius in pixel units.
    steps: gradient steps of each start. restarts: starts in all.
    draws: noise draws that a gradient is averaged over; 1 where f itself is attacked.
    loss: key of rsviz.smoothing.gradients.LOSSES.
    step_size: in the attack's norm; by default 2.5 * epsilon / steps.
    random_start: whether the first start is random in the ball; the others always are.
    common_draws: the same noise in every step, as Salman et al. 2019 do it, instead of fresh noise.
    """

    norm: Annotated[Literal["l2", "linf"], setting("Norm", "How the change of the image is measured.")] = "l2"
    epsilon: Epsilon = 1.0
    steps: Steps = 20
    draws: Draws = 16
    loss: Annotated[Literal["log-mean", "mean-loss", "margin"], setting("Loss", LOSS_HELP)] = "log-mean"
    step_size: Annotated[Size | None, setting("Step size (pixel units)", "By default 2.5 ε / steps.")] = None
    restarts: Annotated[int, setting("Starts", "The best of several attempts is kept.", ge=1, le=1000)] = 1
    random_start: Annotated[
        bool,
        setting("Random first start", "In the ball."),
    ] = True
    common_draws: CommonDraws = False


class BallAttack(Attack):
    """The largest loss in the ball of radius epsilon, by averaged gradients: `move` is the attack's own.

    Each start takes its steps, and one more look at where they led. f is deterministic, so each iterate is
    judged as it is, and the best of all is kept. Under noise the iterate that looks best is the one with
    lucky draws: there only the last of each start counts, on draws of their own that are the same for every
    start. Better is: goal reached, then larger loss.
    """

    seeks = "the largest loss within epsilon"
    loss_words = "the loss that the attack makes larger"
    norms = ("l2", "linf")
    parameters = BallParameters
    takes_epsilon = True

    def __init__(self, problem: "Problem", parameters: Any) -> None:
        super().__init__(problem, parameters)
        self.epsilon = problem.sizes(parameters.epsilon) * (1 - ROUNDING)
        own = parameters.step_size
        self.step_size = 2.5 * self.epsilon / parameters.steps if own is None else own
        self.draws = self.noise_source(streams.GRADIENT)
        self.last_draws = self.noise_source(streams.CONFIRM)

    def move(self, delta: Any, gradient: Any) -> Any:
        """The next perturbation (B, C, H, W), before it is projected to the ball and the box.

        delta: the present one. gradient: of the loss, averaged over the noise.
        """
        raise NotImplementedError

    @property
    def steps(self) -> int:
        return self.p.restarts * (self.p.steps + 1)

    def begin(self) -> dict:
        x = self.x
        return {
            "next": x,
            "reached": torch.zeros(len(x), dtype=torch.bool, device=x.device),
            "loss": torch.full((len(x),), -torch.inf, device=x.device),
        }

    def advance(self, at: int, best: Any, memory: dict) -> Moment:
        p, n0 = self.p, self.copies()
        restart, step = divmod(at, p.steps + 1)
        last = step == p.steps
        current = self.start(restart) if step == 0 else memory["next"]
        source, first = (self.last_draws, 0) if last else (self.draws, 0 if p.common_draws else at * n0)
        noise = source.take(first, n0)
        loss = gradients.LOSSES[p.loss]
        measured = self.victim.measure(current, noise, loss, self.goal, gradient=not last)
        if last or self.victim.noise is None:
            best, memory = self._keep_better(best, memory, current, measured)
        if not last:
            moved = self.move(current - self.x, measured.gradient)
            memory = memory | {"next": (self.x + self.norm.project(moved, self.epsilon)).clamp(0, 1)}
        return Moment(current, measured.votes, measured.loss, best, memory["reached"], memory, at + 1)

    def start(self, restart: int) -> Any:
        """The first images (B, C, H, W) of a start."""
        if restart == 0 and not self.p.random_start:
            return self.x
        generator = self.generator(streams.START, restart)
        delta = self.norm.random((1, *self.problem.shape), 1.0, generator).to(self.x.device)
        return (self.x + delta * per_image(self.epsilon, self.x)).clamp(0, 1)

    def _keep_better(self, best, memory, current, measured):
        reached = self.goal.reached(measured.votes.argmax(1))
        same, larger = reached == memory["reached"], measured.loss > memory["loss"]
        better = (reached & ~memory["reached"]) | (same & larger)
        best = torch.where(better[:, None, None, None], current, best)
        memory = memory | {
            "reached": memory["reached"] | reached,
            "loss": torch.where(better, measured.loss, memory["loss"]),
        }
        return best, memory


class DistortionAttack(Attack):
    """The least distortion that reaches the goal.

    A point counts as found where PREDICT on fresh votes says so for g, and f's answer for f. Draws are
    numbered by `moment`, and no two moments of a search share them: a point that was kept for its lucky draws
    is found out by the next.
    Parameters: votes, alpha, of PREDICT. epsilon: None looks for the least distortion; a number leaves an
    image alone as soon as it is beaten within that distance, which gives one point of a curve for less.
    """

    norms = ("l2",)
    one_run_gives_all_sizes = True

    def __init__(self, problem: "Problem", parameters: Any) -> None:
        super().__init__(problem, parameters)
        self._judging = self.noise_source(streams.CONFIRM)

    def no_votes(self) -> Any:
        """(B, classes) zeros."""
        shape = (len(self.x), self.victim.num_classes)
        return torch.zeros(shape, dtype=torch.int64, device=self.x.device)

    def unfinished(self, distance: Any) -> Any:
        """(B,) bool: the images at which more can be gained. distance: (B,) of the best image found."""
        enough = self.problem.sizes(self.p.epsilon)
        return distance > (0 if enough is None else enough)

    def count(self, points: Any, moment: int) -> Any:
        """Votes (b, classes) at points (b, C, H, W)."""
        return self.victim.count(points, self.p.votes, self._judging, moment * self.p.votes)

    def reached(self, votes: Any, rows: Any) -> Any:
        """(b,) bool: whether these votes reach the goal of the images `rows`, an index tensor."""
        return self.goal[rows].reached(self.victim.predict(votes, self.p.alpha))

    def judge(self, points: Any, rows: Any, moment: int) -> Any:
        """(b,) bool: whether points (b, C, H, W) reach the goal of the images `rows`."""
        if len(points) == 0:
            return torch.zeros(0, dtype=torch.bool, device=points.device)
        return self.reached(self.count(points, moment), rows)

    def shrink(self, points: Any, found: Any, moment: int, halvings: int = 10) -> Any:
        """Bring found points nearer to their images along the straight line, by bisection.

        points: (B, C, H, W). found: (B,) bool; the others stay.
        moment: the first of `halvings` moments of draws.
        Returns points (B, C, H, W) that were judged to reach the goal.
        """
        x, rows = self.x, found.nonzero()[:, 0]
        if len(rows) == 0:
            return points
        near, far = torch.zeros(len(rows), device=x.device), torch.ones(len(rows), device=x.device)
        points = points.clone()
        best = points[rows]
        for turn in range(halvings):
            middle = (near + far) / 2
            between = (x[rows] + per_image(middle, x) * (points[rows] - x[rows])).clamp(0, 1)
            reached = self.judge(between, rows, moment + turn)
            best = torch.where(reached[:, None, None, None], between, best)
            near, far = torch.where(reached, near, middle), torch.where(reached, middle, far)
        points[rows] = best
        return points


def on_surrogate(problem: "Problem") -> "Problem":
    """The same images with the surrogate as the victim."""
    return replace(problem, victim=problem.surrogate, surrogate=None)
