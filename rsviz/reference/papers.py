"""The papers, their claims and their errata: papers.toml with its numbers computed."""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from rsviz.reference.demonstrations import DEMONSTRATIONS

SOURCE = Path(__file__).parent / "papers.toml"
ERRATUM = re.compile(r"\b[A-D]\d{1,2}\b")
"""How texts refer to an erratum."""


class Verdict(StrEnum):
    """What rsviz found of a claim."""

    HOLDS = "holds"
    FALSE = "false"
    NOT_REPRODUCED = "not reproduced"
    NOT_TESTED = "not tested"


@dataclass(frozen=True)
class Claim:
    """What a paper claims. view: page and query of the app that show it. place: the same in words.

    id: names it in links. note: the finer words of the verdict.
    """

    id: str
    says: str
    verdict: Verdict
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
    verdict: Verdict = Verdict.FALSE

    @property
    def says(self) -> str:
        """What is printed, and where."""
        return f"{self.where}: {self.printed}"


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


@dataclass(frozen=True)
class Row:
    """A line of the table of all papers: a claim, or a printed error."""

    paper: Paper
    found: Claim | Erratum

    @property
    def id(self) -> str:
        return self.found.id

    @property
    def verdict(self) -> Verdict:
        return self.found.verdict

    @property
    def errata(self) -> tuple[str, ...]:
        """Ids of the errata that the note of a claim names."""
        return tuple(ERRATUM.findall(self.found.note)) if isinstance(self.found, Claim) else ()

    def record(self) -> dict[str, str]:
        """Plain texts by column, "" where it has none."""
        columns = ("note", "view", "printed", "correct", "shows", "evidence")
        return {
            "id": self.id,
            "paper": self.paper.key,
            "claim": self.found.says,
            "verdict": str(self.verdict),
            **{name: getattr(self.found, name, "") for name in columns},
        }

    def has(self, words: str) -> bool:
        """Whether each of these words is somewhere in the row, whatever its case and accents."""
        text = _plain(" ".join([self.paper.short, *self.record().values()]))
        return all(word in text for word in _plain(words).split())


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


@functools.cache
def papers() -> tuple[Paper, ...]:
    """Every paper, with the numbers of its errata computed by rsviz.reference.demonstrations."""
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return tuple(
        Paper(
            **{name: paper[name] for name in ("key", "short", "title", "authors", "venue")},
            claims=tuple(
                Claim(**claim | {"verdict": Verdict(claim["verdict"])}) for claim in paper.get("claims", ())
            ),
            errata=tuple(_erratum(erratum) for erratum in paper.get("errata", ())),
        )
        for paper in read["papers"]
    )


def _erratum(entry) -> Erratum:
    demonstration = DEMONSTRATIONS.get(entry["id"])
    numbers = demonstration() if demonstration else {}
    shows, verdict = entry["shows"].format(**numbers), Verdict(entry.get("verdict", Verdict.FALSE))
    return Erratum(**{**entry, "shows": shows, "verdict": verdict}, computed=demonstration is not None)


@functools.cache
def rows() -> Mapping[str, Row]:
    """All claims and errata by id, those of a paper together."""
    return MappingProxyType(
        {found.id: Row(paper, found) for paper in papers() for found in (*paper.claims, *paper.errata)}
    )


def find(paper: str | None = None, verdict: str | None = None, words: str = "") -> list[Row]:
    """The rows of one paper, with one verdict, that have all of these words; None: of every one."""
    return [
        row
        for row in rows().values()
        if paper in (None, row.paper.key) and verdict in (None, row.verdict) and row.has(words)
    ]
