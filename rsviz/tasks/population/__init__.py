"""The task that certifies the mean loss of a population that moves.

request = PopulationRequest.make(checkpoints=["digits-nal-0.25"], scales=[0.25], images=500)
for progress in run(request):
    ...                                     # progress.done can be stored, and passed back as `done`
progress.result.curves                      # certificates, attained worst cases, bands
"""

from rsviz.tasks.base import Task
from rsviz.tasks.population.listing import LISTING
from rsviz.tasks.population.request import PopulationRequest, PopulationSeries
from rsviz.tasks.population.result import PopulationCurve, PopulationResult, shipped_example
from rsviz.tasks.population.run import PopulationProgress, run

__all__ = [
    "TASK",
    "PopulationCurve",
    "PopulationProgress",
    "PopulationRequest",
    "PopulationResult",
    "PopulationSeries",
    "run",
    "shipped_example",
]

TASK = Task(
    key="population",
    title="Certify a population",
    request=PopulationRequest,
    listing=LISTING,
)
