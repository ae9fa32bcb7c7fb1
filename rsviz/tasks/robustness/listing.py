"""Curves of robust accuracy in a list of runs."""

from collections.abc import Mapping
from typing import Any

from rsviz.tasks.base import Listing
from rsviz.tasks.robustness.result import RobustnessResult


def step(stored: Mapping[str, Any]) -> str:
    """The step of an attack, behind the part that attacks."""
    return f", step {stored['step']} of {stored['steps']}" if stored.get("steps") else ""


def key_result(result: RobustnessResult) -> str:
    """The best curve at the largest size: 0.45 right under attacks of size 1.5."""
    best = max(result.curves, key=lambda curve: curve.right[-1])
    among = f", the best of {len(result.curves)} curves" if len(result.curves) > 1 else ""
    return f"{best.right[-1]:.2f} right under attacks of size {best.size[-1]:g}{among}"


LISTING = Listing.of_curves(lambda stored: key_result(RobustnessResult.from_json(stored)), step)
