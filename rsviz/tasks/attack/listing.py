"""An attack in a list of runs."""

from collections.abc import Mapping
from typing import Any

from rsviz.tasks.attack.messages import distance_words
from rsviz.tasks.attack.request import AttackRequest
from rsviz.tasks.attack.result import AttackResult
from rsviz.tasks.base import Listing

DOING = {
    "loading": "loading the network",
    "measuring": "measuring what this machine does fastest",
    "judging": "judging on fresh votes",
    "certifying": "certifying the original",
    "path": "walking from the original to the attacked image",
    "done": "done",
}


def reached(request: AttackRequest, stored: Mapping[str, Any]) -> tuple[float, str]:
    """Share of the present phase, and what it does."""
    phase, step, steps = (stored.get(name) for name in ("phase", "step", "steps"))
    if phase == "attacking" and steps:
        return step / steps, f"step {step:,} of at most {steps:,}"
    drawn, total = stored.get("drawn") or 0, stored.get("total") or 0
    votes = f": {drawn:,} of {total:,} votes" if total else ""
    return drawn / total if total else 0.0, f"{DOING.get(phase or 'loading', '')}{votes}"


def key_result(result: AttackResult) -> str:
    """What became of the class, and how far away: 7 becomes 9 at ℓ₂ distance 0.91."""
    before, after, at = result.before_name, result.after_name, distance_words(result)
    if result.verdict == "changed":
        return f"{before} becomes {after} at {at}"
    if result.verdict == "unchanged":
        return f"{before} holds at {at}"
    return "no class named at the original" if before is None else f"no class named at {at}"


LISTING = Listing(
    network=lambda request: request.checkpoint,
    images=lambda request: request.image.words,
    reached=reached,
    result=lambda stored: key_result(AttackResult.from_json(stored["result"])),
)
