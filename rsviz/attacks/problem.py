"""What is attacked, checked where it enters, and what an attack tells after each step."""

import json
from dataclasses import asdict, dataclass, fields

import numpy as np
import torch

from rsviz.attacks.base import Moment
from rsviz.attacks.victim import Victim
from rsviz.errors import RsvizError
from rsviz.execution import Plan
from rsviz.noise import MAX_SEED
from rsviz.norms import NORMS, Norm
from rsviz.smoothing.gradients import Goal


@dataclass(frozen=True)
class Problem:
    """A batch of images under attack.

    x: float32 (B, C, H, W) in [0, 1], on the victim's device. goal: labels (B,) and targets. epsilon: sizes
    (B,) in the place of the attack's own epsilon, or None. starts: images (S, C, H, W) from which `boundary`
    may begin, or None. surrogate: the victim that `transfer` attacks, or None. seed: decides every draw.
    """

    victim: Victim
    x: torch.Tensor
    goal: Goal
    seed: int = 0
    epsilon: torch.Tensor | None = None
    starts: torch.Tensor | None = None
    surrogate: Victim | None = None

    @property
    def shape(self):
        return tuple(self.x.shape[1:])

    @property
    def attacked(self) -> Victim:
        """The one whose gradients or answers the attack sees."""
        return self.surrogate or self.victim

    def sizes(self, epsilon: float | None):
        """(B,) float32: the size of each image's ball; None where there is none."""
        if self.epsilon is not None:
            return self.epsilon
        return None if epsilon is None else torch.full((len(self.x),), epsilon, device=self.x.device)


@dataclass(frozen=True)
class State:
    """How far an attack has come: all that a restart needs beside the request.

    step: 1 .. steps; an attack may leave steps out. current: the images (B, C, H, W) of this step, in [0, 1].
    loss: (B,), named in the attack's record. share: (B,), of the votes on this step's draws that the true
    class got at `current`. l2, linf: (B,) lengths of current - x. best: the images found so far, x itself
    where there is none yet. found: (B,) whether `best` reached the goal as far as the attack could tell; a
    verdict takes fresh noise. distance: (B,), of best in the attack's norm. plan: device, precision, batch.
    memory: the attack's own.
    """

    step: int
    steps: int
    current: torch.Tensor
    loss: torch.Tensor
    share: torch.Tensor
    l2: torch.Tensor
    linf: torch.Tensor
    best: torch.Tensor
    found: torch.Tensor
    distance: torch.Tensor
    plan: Plan
    memory: dict[str, torch.Tensor]

    @property
    def done(self) -> bool:
        return self.step == self.steps

    def to_bytes(self) -> bytes:
        """As a safetensors file, for a job that may be killed."""
        from safetensors.torch import save

        tensors = {f"memory.{name}": value for name, value in self.memory.items()}
        tensors |= {name: getattr(self, name) for name in _tensor_fields()}
        about = {"step": self.step, "steps": self.steps, "plan": asdict(self.plan)}
        tensors["about"] = torch.frombuffer(bytearray(json.dumps(about).encode()), dtype=torch.uint8)
        # Copies: safetensors refuses tensors that share their memory, as found and memory's found do.
        return save({name: value.cpu().contiguous().clone() for name, value in tensors.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> "State":
        """What `to_bytes` wrote; only for files of one's own."""
        from safetensors.torch import load

        tensors = load(content)
        about = json.loads(bytes(tensors.pop("about").numpy()))
        device = about["plan"]["device"]
        tensors = {name: value.to(device) for name, value in tensors.items()}
        memory = {n.removeprefix("memory."): v for n, v in tensors.items() if n.startswith("memory.")}
        shown = {name: tensors[name] for name in _tensor_fields()}
        return cls(
            step=about["step"], steps=about["steps"], plan=Plan(**about["plan"]), memory=memory, **shown
        )


def _tensor_fields():
    return [field.name for field in fields(State) if field.type is torch.Tensor]


def state_of(problem: Problem, norm: Norm, moment: Moment, steps: int) -> State:
    """The State after a step of an attack, with lengths and share."""
    x, labels = problem.x, problem.goal.labels
    delta = moment.current - x
    return State(
        step=moment.next,
        steps=steps,
        current=moment.current,
        loss=moment.loss,
        share=moment.votes.gather(1, labels[:, None])[:, 0] / moment.votes.sum(1),
        l2=NORMS["l2"].length(delta),
        linf=NORMS["linf"].length(delta),
        best=moment.best,
        found=moment.found,
        distance=norm.length(moment.best - x),
        plan=problem.victim.plan(problem.shape),
        memory=dict(moment.memory),
    )


def check(victim, x, labels, *, targets=None, epsilon=None, starts=None, surrogate=None, seed=0) -> Problem:
    """A Problem, or one sentence that says what came and what is allowed."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed <= MAX_SEED:
        raise RsvizError(f"seed is {seed}; it must be an integer from 0 to {MAX_SEED}.")
    x = _images("x", x, victim)
    labels = _classes("labels", labels, len(x), victim)
    if targets is not None:
        targets = _classes("targets", targets, len(x), victim)
        if (targets == labels).any():
            at = int((targets == labels).nonzero()[0])
            raise RsvizError(
                f"the target of image {at} is {int(targets[at])}, its label; it must be another class."
            )
    if epsilon is not None:
        epsilon = torch.as_tensor(epsilon, dtype=torch.float32, device=victim.device)
        if epsilon.shape != (len(x),) or not (epsilon.isfinite().all() and epsilon.min() > 0):
            raise RsvizError(f"epsilon must hold {len(x)} positive, finite sizes, one for each image.")
    if starts is not None:
        starts = _images("starts", starts, victim)
    if surrogate is not None and surrogate.num_classes != victim.num_classes:
        raise RsvizError(
            f"the surrogate knows {surrogate.num_classes} classes and the victim {victim.num_classes}; "
            "they must be the same."
        )
    if surrogate is not None:
        _check_shape("x", x, surrogate)
    return Problem(victim, x, Goal(labels, targets), int(seed), epsilon, starts, surrogate)


def _images(name, x, victim):
    x = torch.as_tensor(np.asarray(x) if not torch.is_tensor(x) else x)
    if x.dim() != 4 or len(x) < 1 or not torch.is_floating_point(x):
        raise RsvizError(
            f"{name} has shape {tuple(x.shape)} and type {x.dtype}; it must be float (B, C, H, W), B >= 1."
        )
    if x.isnan().any():
        raise RsvizError(f"{name} holds NaN; pixels are given in [0, 1].")
    if not (x.min() >= 0 and x.max() <= 1):
        raise RsvizError(f"{name} holds values from {x.min():g} to {x.max():g}; pixels are given in [0, 1].")
    _check_shape(name, x, victim)
    return x.to(victim.device, torch.float32)


def _check_shape(name, x, victim):
    if victim.input_shape is not None and tuple(x.shape[1:]) != victim.input_shape:
        raise RsvizError(
            f"{name} has images of shape {tuple(x.shape[1:])}; this checkpoint takes {victim.input_shape}."
        )


def _classes(name, values, count, victim):
    values = torch.as_tensor(np.asarray(values) if not torch.is_tensor(values) else values)
    if torch.is_floating_point(values) or values.dtype == torch.bool or values.dim() > 1:
        raise RsvizError(f"{name} must hold class indices, integers, one for each image.")
    values = values.expand(count) if values.dim() == 0 else values
    if len(values) != count:
        raise RsvizError(f"{name} holds {len(values)} classes for {count} images; it must hold one for each.")
    if values.min() < 0 or values.max() >= victim.num_classes:
        bad = int(values[(values < 0) | (values >= victim.num_classes)][0])
        raise RsvizError(f"{name} holds {bad}; classes are 0 to {victim.num_classes - 1}.")
    return values.to(victim.device, torch.int64)
