"""TRADES: be right on the image, and answer alike everywhere in a ball around it."""

from pydantic import Field

from rsviz.lazy import lazy
from rsviz.training.objectives import base
from rsviz.training.objectives.ascent import ball_attack, evaluating

torch = lazy("torch")
functional = lazy("torch.nn.functional")
gradients = lazy("rsviz.smoothing.gradients")

START = 0.001
"""Standard deviation of the random start (Algorithm 1): at x itself the divergence has no gradient."""


class Parameters(base.Hyperparameters):
    """The settings of the paper for MNIST."""

    beta: base.Weight = Field(
        6.0, description="The paper's 1 / lambda: weight of the divergence; 0 is plain training."
    )
    norm: base.BallNorm = "linf"
    epsilon: base.Radius = Field(
        0.3,
        description="Radius of the ball in pixel units; the paper: 0.3 on MNIST, 0.031 on CIFAR-10, in linf.",
    )
    steps: base.Steps = Field(40, description="Steps of the attack; the paper: 40 on MNIST, 10 on CIFAR-10.")
    step_size: base.BallStepSize = None

    @property
    def passes(self) -> int:
        return self.steps + 3


def trades(f, x, y, *, noise, parameters, generator) -> base.Outcome:
    """CE(f(x), y) + beta max_{||x' - x|| <= epsilon} KL(f(x) || f(x')), f with its softmax.

    The maximum is approached by projected gradient ascent from x + 0.001 N(0, I). In the minimised loss the
    gradient flows through both f(x) and f(x'); x and x' pass the network in one batch.
    The training accuracy is that of x'.
    Source: Zhang et al. 2019, equation 5 and Algorithm 1, with KL for L, as in their experiments.
    """
    with evaluating(f), torch.no_grad():
        clean = gradients.logits_of(f, x)

    def divergences(images):
        return divergence(clean, gradients.logits_of(f, images))

    start = torch.randn(x.shape, generator=generator, device=x.device) * START
    attacked = ball_attack(f, divergences, x, parameters, start)
    clean_logits, attacked_logits = gradients.logits_of(f, torch.cat((x, attacked))).chunk(2)
    return base.outcome(
        attacked_logits,
        cross_entropy=functional.cross_entropy(clean_logits, y),
        divergence=parameters.beta * divergence(clean_logits, attacked_logits).mean(),
    )


def divergence(p, q):
    """KL(softmax p || softmax q) of logits (B, classes), in nats: (B,)."""
    p, q = p.log_softmax(1), q.log_softmax(1)
    return (p.exp() * (p - q)).sum(1)


TRADES = base.Objective(
    title="TRADES, with the Kullback-Leibler divergence",
    source="Zhang et al. 2019, Algorithm 1",
    parameters=Parameters,
    loss=trades,
    needs_noise=False,
)
