"""The run of a population's certificate, part by part; a stopped run continues after its last part."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rsviz.checkpoints import load_card
from rsviz.generators import mapped
from rsviz.lazy import lazy
from rsviz.tasks.networks import NETWORKS
from rsviz.tasks.population.request import PopulationRequest, PopulationSeries
from rsviz.tasks.population.result import PopulationResult

engine = lazy("rsviz.distributional.parts")


@dataclass(frozen=True)
class PopulationProgress:
    """How far a run has come.

    done: finished parts by key (PopulationRequest.part_keys), plain values; and "plans", by checkpoint, which
    stay for the whole run. parts: number of parts of the run. what: the current step, in words.
    new: whether `done` grew. result: at the end, all curves.
    """

    request: PopulationRequest
    done: dict
    parts: int
    what: str = ""
    new: bool = False
    result: PopulationResult | None = None


def run(request: PopulationRequest, done: dict | None = None) -> Iterator[PopulationProgress]:
    """Compute all parts that are missing; yields at least once for every pass, at last with the result.

    done: finished parts of an earlier run of the same request; the result does not depend on interruptions.
    Raises RsvizError if something is missing or does not fit.
    """
    request.check_materials()
    done = {"plans": {}} | (done or {})
    parts = len(request.part_keys())
    for series in request.series:
        missing = [
            (part, chunk)
            for chunk in range(request.chunks)
            for part in request.part_names(series)
            if series.key(part, chunk) not in done
        ]
        if not missing:
            continue
        yield PopulationProgress(request, done, parts, f"loading {series.checkpoint}")
        card = load_card(series.checkpoint)
        runner = engine.PartRunner(request, series, NETWORKS.module(series.checkpoint, card), card)
        for _ in runner.planning(done["plans"].get(series.checkpoint)):
            yield PopulationProgress(request, done, parts, "measuring")
        done = done | {"plans": done["plans"] | {series.checkpoint: asdict(runner.plan)}}
        for part, chunk in missing:
            words = f"{series.checkpoint}, scale {series.scale:g}: {_words(series, part)}"
            now = PopulationProgress(request, done, parts, words)
            found = yield from mapped(lambda _, now=now: now, runner.run(part, chunk))
            done = done | {series.key(part, chunk): found}
            yield PopulationProgress(request, done, parts, words, new=True)
    yield PopulationProgress(request, done, parts, "done", result=PopulationResult.of_parts(request, done))


def _words(series: PopulationSeries, part: str) -> str:
    ascent = f"gamma {part}, K {series.K}, r {series.r}"
    return {"clean": "unmoved images", "radius": "radii of the images"}.get(part, ascent)
