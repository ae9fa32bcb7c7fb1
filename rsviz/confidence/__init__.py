"""From votes to limits on p_A and p_B that hold with a stated confidence."""

from collections.abc import Mapping

from rsviz.confidence.anytime import ANYTIME, log_evidence, sequence_lower, sequence_upper
from rsviz.confidence.clopper_pearson import clopper_pearson_lower, clopper_pearson_upper
from rsviz.confidence.cohen import COHEN
from rsviz.confidence.li import LI
from rsviz.confidence.record import Procedure
from rsviz.confidence.sison_glaz import SISON_GLAZ
from rsviz.confidence.split import SPLIT
from rsviz.confidence.tcertify import TCERTIFY
from rsviz.records import by_key

__all__ = [
    "PROCEDURES",
    "Procedure",
    "clopper_pearson_lower",
    "clopper_pearson_upper",
    "default_procedure",
    "log_evidence",
    "sequence_lower",
    "sequence_upper",
]

PROCEDURES: Mapping[str, Procedure] = by_key(COHEN, SPLIT, TCERTIFY, LI, SISON_GLAZ, ANYTIME)
"""Every procedure by its key, in display order."""


def default_procedure(classes: int) -> str:
    """Key of the default procedure: `split`, or for two classes `cohen`, which proves more there."""
    return "cohen" if classes == 2 else "split"
