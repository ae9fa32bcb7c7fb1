"""Optimizers, and the learning rate as a pure function of the step: no state of a schedule to be kept."""

import math

import torch

WARM_UP, DIVISOR, FINAL_DIVISOR = 0.3, 25.0, 1e4
"""Of the one-cycle schedule: the share of the steps that rise, and how far below the top they begin and end.

The defaults of torch.optim.lr_scheduler.OneCycleLR.
"""


def make_optimizer(request, parameters) -> torch.optim.Optimizer:
    """The optimizer that the request names; its learning rate is set anew before each step."""
    if request.optimizer == "sgd":
        return torch.optim.SGD(
            parameters,
            request.learning_rate,
            momentum=request.momentum,
            nesterov=request.nesterov and request.momentum > 0,
            weight_decay=request.weight_decay,
        )
    kind = torch.optim.AdamW if request.optimizer == "adamw" else torch.optim.Adam
    return kind(parameters, request.learning_rate, weight_decay=request.weight_decay, fused=True)


def learning_rate(request, step: int, steps: int) -> float:
    """The learning rate of step 0, 1, ..., steps - 1 of a run.

    one-cycle: from 1/25 of the top up to it along a half cosine over three tenths of the steps, then down
    to 1/250,000 of it (Smith and Topin 2019, as torch's OneCycleLR has it). cosine: from the top down to 0
    along a half cosine (Loshchilov and Hutter 2017). step: a tenth of it after each third of the steps, as
    Cohen et al. 2019 trained. constant: the top.
    """
    return SCHEDULES[request.schedule](request.learning_rate, step, steps)


def _one_cycle(top, step, steps):
    bottom = top / DIVISOR
    turn = WARM_UP * (steps + 1) - 1
    if step <= turn:
        return _half_cosine(bottom, top, step / turn)
    return _half_cosine(top, bottom / FINAL_DIVISOR, (step - turn) / (steps - turn))


def _half_cosine(start, end, share):
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


SCHEDULES = {
    "one-cycle": _one_cycle,
    "cosine": lambda top, step, steps: _half_cosine(top, 0.0, step / steps),
    "step": lambda top, step, steps: top * 0.1 ** (3 * step // steps),
    "constant": lambda top, step, steps: top,
}
