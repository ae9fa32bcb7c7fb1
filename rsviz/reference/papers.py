"""The papers, their claims and their errata: papers.toml with its numbers computed."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rsviz.reference.demonstrations import DEMONSTRATIONS

SOURCE = Path(__file__).parent / "papers.toml"


@dataclass(frozen=True)
class Claim:
    """What a paper claims. view: page and query of the app that show it. place: the same in words."""

    says: str
    verdict: str
    note: str
    view: str
    place: str


@dataclass(frozen=True)
class Erratum:
    """One error. shows: a sentence with the number that proves it. computed: whether it is computed here."""

    id: str
    where: str
    printed: str
    correct: str
    shows: str
    evidence: str
    computed: bool


@dataclass(frozen=True)
class Paper:
    """One text with its claims and errata. short: its name on buttons and headings."""

    key: str
    short: str
    title: str
    authors: str
    venue: str
    claims: tuple[Claim, ...]
    errata: tuple[Erratum, ...]


@functools.cache
def papers() -> tuple[Paper, ...]:
    """Every paper, with the numbers of its errata computed by rsviz.reference.demonstrations."""
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return tuple(
        Paper(
            **{name: paper[name] for name in ("key", "short", "title", "authors", "venue")},
            claims=tuple(Claim(**claim) for claim in paper.get("claims", ())),
            errata=tuple(_erratum(erratum) for erratum in paper.get("errata", ())),
        )
        for paper in read["papers"]
    )


def _erratum(entry) -> Erratum:
    demonstration = DEMONSTRATIONS.get(entry["id"])
    numbers = demonstration() if demonstration else {}
    return Erratum(**{**entry, "shows": entry["shows"].format(**numbers)}, computed=demonstration is not None)
