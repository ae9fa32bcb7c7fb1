"""The learning rate as a pure function of the step: a resumed run needs no state of a schedule."""

import math

WARM_UP, DIVISOR, FINAL_DIVISOR = 0.3, 25.0, 1e4
"""Of the one-cycle schedule, the defaults of torch.optim.lr_scheduler.OneCycleLR: the share of the steps in
which the learning rate rises, its largest value over its first, and its first over its last."""


def learning_rate(schedule: str, largest: float, step: int, steps: int) -> float:
    """The learning rate of step 0, 1, ..., steps - 1 of a run, without state that would have to be saved.

    schedule: one of SCHEDULES. largest: value of the learning rate at its maximum.
    one-cycle: rises from 1/25 of the largest value along a half cosine during three tenths of the steps, then
    falls to 1/250,000 of it (Smith and Topin 2019, as in torch's OneCycleLR). cosine: falls to 0 along a half
    cosine (Loshchilov and Hutter 2017). step: divided by 10 after each third of the steps, as in Cohen et al.
    2019. constant: always the largest value.
    """
    return SCHEDULES[schedule](largest, step, steps)


def _one_cycle(largest, step, steps):
    first = largest / DIVISOR
    turn = WARM_UP * (steps + 1) - 1
    if step <= turn:
        return _half_cosine(first, largest, step / turn)
    return _half_cosine(largest, first / FINAL_DIVISOR, (step - turn) / (steps - turn))


def _half_cosine(start, end, share):
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


SCHEDULES = {
    "one-cycle": _one_cycle,
    "cosine": lambda largest, step, steps: _half_cosine(largest, 0.0, step / steps),
    "step": lambda largest, step, steps: largest * 0.1 ** (3 * step // steps),
    "constant": lambda largest, step, steps: largest,
}
