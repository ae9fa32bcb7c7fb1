"""One step of training: a batch, the objective at it, the gradient, the optimizer."""

import functools
from contextlib import contextmanager

import torch
from torch import nn

from rsviz.noise import NOISES, block_seed
from rsviz.noise.streams import training_step
from rsviz.training.data import augmented
from rsviz.training.objectives import METHODS
from rsviz.training.optimize import learning_rate, make_optimizer
from rsviz.training.team import Team


class Network(nn.Module):
    """The network in the precision of the run; a Module, so that attacks may set it to evaluation mode."""

    def __init__(self, module, precision):
        super().__init__()
        self.module, self.bfloat16 = module, precision == "bfloat16"

    def forward(self, x):
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.module(x)


class Loss(nn.Module):
    """The request's objective as a Module: however often it asks the network, a step is one forward pass of
    this, which is what DistributedDataParallel needs."""

    def __init__(self, network, request):
        super().__init__()
        self.network = network
        objective = METHODS[request.method]
        self._objective = functools.partial(
            objective.loss, noise=noise_of(request), parameters=objective.parameters(**request.parameters)
        )

    def forward(self, x, y, generator):
        return self._objective(self.network, x, y, generator=generator)


class Trainer:
    """A network, its optimizer and its objective. Every random number of step k is a function of (seed, k).

    module: on its device, in training mode from here on. steps: of the whole run, for the schedule.
    """

    def __init__(self, request, module, precision, steps, team: Team):
        self.request, self.module, self.steps, self.team = request, module, steps, team
        self.network = Network(module, precision).train()
        self.optimizer = make_optimizer(request, list(module.parameters()))
        self.learning_rate = 0.0
        self.loss = Loss(self.network, request)
        if team.size > 1:
            device = next(module.parameters()).device
            if device.type == "cuda":  # on CPUs each process normalises its own part of the batch
                nn.SyncBatchNorm.convert_sync_batchnorm(self.loss)
            self.loss = nn.parallel.DistributedDataParallel(self.loss)

    def step(self, number, images, chosen):
        """One step on the images whose rows are `chosen`, of which this process takes its part.

        Returns (Outcome, classes, how many images): of the part. Where the parts of a batch are weighted by
        their sizes, the mean of the gradients over the processes is the gradient of the whole batch.
        """
        part = self.team.part(chosen)
        weight = self.team.size * len(part) / len(chosen)
        count, part = len(part), part if len(part) else chosen[:1]  # all have to take part in the sum
        x, y = images.x[part], images.y[part]
        with randomness(self.request.seed, training_step(self.team.rank), number, x.device) as generator:
            outcome = self.loss(augmented(x, self.request, generator), y, generator)
            self.optimizer.zero_grad(set_to_none=True)
            (outcome.total if weight == 1 else weight * outcome.total).backward()
        if self.request.clip:
            nn.utils.clip_grad_norm_(self.module.parameters(), self.request.clip)
        self.learning_rate = learning_rate(self.request, number, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self.optimizer.step()
        return outcome, y, count


@contextmanager
def randomness(seed, stream, number, device):
    """Within it, torch's global generators and the one it gives are seeded for one step of one stream.

    Dropout and initialisation draw from the global generators, which the caller may be using between yields.
    """
    seed = block_seed(seed, stream, number)
    with torch.random.fork_rng([device.index or 0] if device.type == "cuda" else []):
        # Not torch.manual_seed: without a GPU it keeps every call, with its stack, for the day there is one.
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            torch.cuda.default_generators[device.index or 0].manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        # Another seed: dropout must not repeat the numbers of the noise.
        yield torch.Generator(device).manual_seed(seed ^ 1)


def noise_of(request):
    """The noise that the request trains under, or None."""
    return NOISES["gaussian"](request.sigma) if METHODS[request.method].needs_noise else None
