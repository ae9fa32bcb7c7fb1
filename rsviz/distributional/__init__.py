"""The worst loss over a population that moves: the distributional certificate of NAL, repaired.

    request = make_request(checkpoints=["digits-nal-0.25"], scales=[0.25], images=500)
    for reached in distribution(request):
        ...                                     # reached.done goes into a file, and back as `done`
    curves(request, reached.done)               # plain values: certificates, attained worst cases, bands

It asks how bad the mean loss gets over a whole distribution of inputs that moves by at most rho, where the
per-image certificate asks whether one image keeps its class. Importing this room does not import torch;
`distribution` does. Source: A Distributional Robustness Certificate by Randomized Smoothing, whose Theorem 1
is false as printed (errata, B1).
"""

import json
import math

import numpy as np

from rsviz.checkpoints import load_card
from rsviz.distributional.certificate import PROVED, AscentResults, certificate, envelope, printed
from rsviz.distributional.losses import LOSSES, DistributionError, concave_from
from rsviz.distributional.request import (
    PopulationRequest,
    PopulationSeries,
    check_job,
    command_line,
    make_request,
    needs_bound,
)
from rsviz.files import SHIPPED_CHECKPOINTS

__all__ = [
    "LOSSES",
    "DistributionError",
    "PopulationRequest",
    "at_budget",
    "check_job",
    "command_line",
    "concave_from",
    "curves",
    "distribution",
    "epsilon",
    "make_request",
    "needs_bound",
    "shipped_example",
]

EXAMPLES = SHIPPED_CHECKPOINTS / "examples"
OLDER_NAMES = {"noiseless": "bare"}
"""Names of columns in the stored parts of older versions."""


def distribution(request: PopulationRequest, done: dict | None = None):
    """The run of a request: see `rsviz.distributional.run.distribution`."""
    from rsviz.distributional.run import distribution

    return distribution(request, done)


def curves(request: PopulationRequest, done: dict) -> list[dict]:
    """What is finished, as one dictionary for each series whose images have all been climbed from.

    checkpoint, method, scale, K, r, dim, loss, bound, images, and the fields of
    `rsviz.distributional.certificate.certificate`. radii: the certified l2 radius of every image, -1 where
    none or the wrong class is certified; None where it was not asked for or is not there yet.
    """
    found = []
    for series in request.series:
        climbed = [what for what in request.part_names(series) if what != "radius"]
        if not all(series.key(what, chunk) in done for what in climbed for chunk in range(request.chunks)):
            continue
        card = load_card(series.checkpoint)
        dim = math.prod(card.input_shape)
        results = _ascent_results(request, series, done, dim)
        found.append(
            {
                "checkpoint": series.checkpoint,
                "method": card.method,
                "scale": series.scale,
                "K": series.K,
                "r": series.r,
                "dim": dim,
                "loss": request.loss,
                "bound": request.loss_bound,
                "images": request.images,
                "radii": _joined(request, series, done, "radius", "radius"),
                **certificate(results, request.alpha, request.noise_in_cost),
            }
        )
    return found


def epsilon(rho: float) -> float:
    """The size of an attack on single images that is as strong: eps^2 = rho, equation 8 of the paper.

    rho is the mean of ||x - x0||^2. The paper's equation counts the noise too, and then eps is at least
    sqrt(d) sigma; its table gives less (errata, B2), so it must have left the noise out, as here.
    """
    if not rho >= 0:
        raise DistributionError(f"rho is {rho:g}; it must be at least 0.")
    return math.sqrt(rho)


def at_budget(curve: dict, budgets) -> list[dict]:
    """What one of `curves` says at each budget rho: rho, epsilon, certificate, low, high, printed, concave.

    Raises DistributionError for a budget below 0.
    """
    budgets = np.asarray(budgets, np.float64)
    gammas, intercept, low, high, concave = (
        [point[name] for point in curve["points"]]
        for name in ("gamma", "intercept", "band_low", "band_high", "concave")
    )
    bound = curve["bound"]
    certified, place = envelope(gammas, intercept, budgets, bound)
    low, high = (envelope(gammas, values, budgets, bound)[0] for values in (low, high))
    claimed = printed(gammas, intercept, budgets, curve["noise_budget"], bound)
    return [
        {
            "rho": float(rho),
            "epsilon": epsilon(rho),
            "certificate": float(certified[k]),
            "low": float(low[k]),
            "high": float(high[k]),
            "printed": float(claimed[k]),
            "concave": PROVED if place[k] < 0 else concave[place[k]],
        }
        for k, rho in enumerate(budgets)
    ]


def shipped_example(name: str = "distribution") -> tuple[PopulationRequest, list[dict]]:
    """A finished run that comes with rsviz, as (request, curves); `distribution --save` wrote it.

    name: "distribution", or "distribution-effort", one checkpoint under several K and r.
    """
    stored = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return make_request(**stored["request"]), stored["curves"]


def _ascent_results(request, series: PopulationSeries, done, dim) -> AscentResults:
    gammas = [repr(gamma) for gamma in request.gammas]
    clean = np.array(_joined(request, series, done, "clean", "loss"))
    noiseless = np.array(_joined(request, series, done, "clean", "noiseless"))

    def table(name):
        rows = [_joined(request, series, done, gamma, name) for gamma in gammas]
        return np.array([np.full(len(clean), np.nan) if row is None else row for row in rows])

    return AscentResults(
        gammas=np.array(request.gammas),
        cost=table("cost"),
        loss=table("loss"),
        noiseless=table("noiseless"),
        slope=table("slope"),
        clean=clean,
        noiseless_clean=noiseless,
        dim=dim,
        scale=series.scale,
        bound=request.loss_bound,
    )


def _joined(request, series: PopulationSeries, done, what, name) -> list[float] | None:
    """A column over all chunks; None where a chunk does not have it."""
    chunks = [done.get(series.key(what, chunk), {}) for chunk in range(request.chunks)]
    columns = [chunk.get(name, chunk.get(OLDER_NAMES.get(name))) for chunk in chunks]
    if any(column is None for column in columns):
        return None
    return [value for column in columns for value in column]
