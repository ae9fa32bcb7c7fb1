"""The table of objectives: one file each, which holds its hyper-parameters, its loss and its record.

No torch is imported until a loss is computed: requests are checked in processes that have none.
"""

from collections.abc import Mapping

from rsviz.records import by_key
from rsviz.training.objectives.adre import ADRE
from rsviz.training.objectives.adre_adv import ADRE_ADV
from rsviz.training.objectives.base import Objective, Outcome
from rsviz.training.objectives.gaussian import GAUSSIAN
from rsviz.training.objectives.nal import NAL
from rsviz.training.objectives.pgd_at import PGD_AT
from rsviz.training.objectives.plain import PLAIN
from rsviz.training.objectives.smoothadv import SMOOTHADV
from rsviz.training.objectives.stn import STN
from rsviz.training.objectives.trades import TRADES
from rsviz.training.objectives.wrm import WRM

METHODS: Mapping[str, Objective] = by_key(
    PLAIN,
    GAUSSIAN,
    STN,
    ADRE,
    SMOOTHADV,
    ADRE_ADV,
    NAL,
    WRM,
    TRADES,
    PGD_AT,
)
"""Every objective by its key, in display order."""

__all__ = ["METHODS", "Objective", "Outcome"]
