"""The result of a population's certificate: one curve for each series, and the shipped examples."""

import json
import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from rsviz.checkpoints import load_card
from rsviz.distributional import AscentResults, PopulationCertificate, certificate
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.records import Record
from rsviz.tasks.population.request import PopulationRequest, PopulationSeries

EXAMPLES = SHIPPED_CHECKPOINTS / "examples"
OLDER_COLUMNS = {"noiseless": "bare"}
"""Columns of stored parts under their names in older versions."""


@dataclass(frozen=True)
class PopulationCurve(PopulationCertificate, Record):
    """The certificate of one series, with what identifies it.

    method: training method of the checkpoint. scale, K, r: as in PopulationSeries. dim: values of one image.
    loss: key of LOSSES. images: number of images.
    radii: certified l2 radius of every image, -1 if none or the wrong class is certified; None if they were
    not asked for, or are not ready.
    """

    checkpoint: str
    method: str | None
    scale: float
    K: int
    r: int
    dim: int
    loss: str
    images: int
    radii: list[float] | None


@dataclass(frozen=True)
class PopulationResult(Record):
    """The curves of a request that are finished, in the order of its series."""

    curves: list[PopulationCurve] = field(default_factory=list)

    @classmethod
    def of_parts(cls, request: PopulationRequest, done: dict) -> Self:
        """The curves of the series that have all their ascents. done: finished parts by key."""
        return cls(
            [_curve(request, series, done) for series in request.series if _is_climbed(request, series, done)]
        )


def shipped_example(name: str = "distribution") -> tuple[PopulationRequest, PopulationResult]:
    """A finished run that is shipped with rsviz; `distribution --save` wrote it.

    name: "distribution", or "distribution-effort", one checkpoint under several K and r.
    """
    stored = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return PopulationRequest.make(**stored["request"]), PopulationResult.from_json(stored)


def _is_climbed(request, series: PopulationSeries, done) -> bool:
    parts = [part for part in request.part_names(series) if part != "radius"]
    return all(series.key(part, chunk) in done for part in parts for chunk in range(request.chunks))


def _curve(request, series: PopulationSeries, done) -> PopulationCurve:
    card = load_card(series.checkpoint)
    dim = math.prod(card.input_shape)
    results = _ascent_results(request, series, done, dim)
    return PopulationCurve(
        **vars(certificate(results, request.alpha, request.noise_in_cost)),
        checkpoint=series.checkpoint,
        method=card.method,
        scale=series.scale,
        K=series.K,
        r=series.r,
        dim=dim,
        loss=request.loss,
        images=request.images,
        radii=_column(request, series, done, "radius", "radius"),
    )


def _ascent_results(request, series: PopulationSeries, done, dim) -> AscentResults:
    clean = np.array(_column(request, series, done, "clean", "loss"))
    noiseless = np.array(_column(request, series, done, "clean", "noiseless"))

    def table(name):
        rows = [_column(request, series, done, repr(gamma), name) for gamma in request.gammas]
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


def _column(request, series: PopulationSeries, done, part, name) -> list[float] | None:
    """A column over all chunks; None if a chunk does not have it."""
    chunks = [done.get(series.key(part, chunk), {}) for chunk in range(request.chunks)]
    columns = [chunk.get(name, chunk.get(OLDER_COLUMNS.get(name))) for chunk in chunks]
    if any(column is None for column in columns):
        return None
    return [value for column in columns for value in column]
