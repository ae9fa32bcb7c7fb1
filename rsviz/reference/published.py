"""Numbers that papers print: every table as a CSV with its source, and records to lay over our curves."""

import csv
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rsviz.reference.citations import PAPERS, SHORT

FOLDER = Path(__file__).parent / "published"

CERTIFIED, CLEAN, ATTACKED = "certified accuracy", "clean accuracy", "accuracy under PGD"
QUANTITIES = (CERTIFIED, CLEAN, ATTACKED)
"""What a number is. Accuracy under an attack is no certificate, and is never drawn as one."""


@dataclass(frozen=True)
class Result:
    """One printed number.

    sigma: of the Gaussian noise in pixel units, None where the table does not say. settings: what else
    tells rows apart. radius: in pixel units and the norm of the table; None where there is none, or where
    the scan cannot be read. value: a share in [0, 1]. printed: the number exactly as in the paper.
    """

    dataset: str
    method: str
    sigma: float | None
    settings: str
    quantity: str
    radius: float | None
    value: float
    printed: str


@dataclass(frozen=True)
class PublishedTable:
    """A table of a paper.

    paper: its key in rsviz.reference.papers, or cohen. number: its name there. source: where in the paper.
    notes: what a reader must know, errors of the paper included. columns, rows: the CSV, as text.
    results: the numbers, where it has results; empty for tables of settings.
    networks: by dataset, where the paper says them. methods: readable names of those that it abbreviates.
    """

    key: str
    paper: str
    number: str
    caption: str
    norm: str
    source: str
    notes: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    results: tuple[Result, ...]
    networks: Mapping[str, str] = field(default_factory=dict, hash=False)
    methods: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def place(self) -> str:
        """Paper, section and number of the table, in a line."""
        where = self.source.partition(";")[0] if self.paper != "cohen" else "tables of its code"
        return f"{SHORT[self.paper]}, {where}"

    @property
    def citation(self) -> str:
        """Key of the paper's BibTeX entry."""
        return PAPERS[self.paper]


@dataclass(frozen=True)
class PrintedCurve:
    """Numbers of one row of a table over the radius.

    name: method, network, sigma and settings, for a person. table: where they are printed.
    results: in the order of their radii.
    """

    name: str
    dataset: str
    table: PublishedTable
    results: tuple[Result, ...]

    @property
    def title(self) -> str:
        """The name, that it is published, and where."""
        return f"{self.name} (published: {self.table.place})"

    def values_at(self, radii) -> list[float | None]:
        """Shares in [0, 1] at these radii; None where the paper prints none."""
        known = {round(result.radius, 9): result.value for result in self.results}
        return [known.get(round(float(radius), 9)) for radius in radii]


def printed_curve(key: tuple[str, ...], quantity: str = CERTIFIED) -> PrintedCurve:
    """A curve by its key in `curves`."""
    name, dataset, method, sigma, settings = key
    table = next(one for one in published() if one.key == name)
    words = [table.methods.get(method, method), table.networks.get(dataset, "")]
    words += [f"σ = {sigma}" if sigma else "", settings.replace(";", ",")]
    results = tuple(curves(quantity)[key])
    return PrintedCurve(", ".join(filter(None, words)), dataset, table, results)


@functools.cache
def published() -> tuple[PublishedTable, ...]:
    """Every table, the headline ones of Cohen et al. first."""
    read = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))
    return tuple(_table(**entry) for entry in read["tables"])


def curves(quantity: str = CERTIFIED, dataset: str | None = None) -> dict[tuple[str, ...], list[Result]]:
    """Results that make a curve over the radius, by (key of the table, dataset, method, sigma, settings).

    quantity: one of QUANTITIES. dataset: as papers write it ("CIFAR-10"); None for all. Only numbers with a
    radius, in its order.
    """
    found: dict[tuple[str, ...], list[Result]] = {}
    for table in published():
        for result in table.results:
            if result.quantity != quantity or result.radius is None or dataset not in (None, result.dataset):
                continue
            sigma = "" if result.sigma is None else f"{result.sigma:g}"
            name = (table.key, result.dataset, result.method, sigma, result.settings)
            found.setdefault(name, []).append(result)
    return {name: sorted(results, key=lambda result: result.radius) for name, results in found.items()}


def _table(key, percent=False, radii=None, **about) -> PublishedTable:
    with (FOLDER / f"{key}.csv").open(encoding="utf-8", newline="") as file:
        columns, *rows = map(tuple, csv.reader(file))
    results = ()
    if "quantity" in columns:
        results = tuple(_result(dict(zip(columns, row, strict=True)), percent, radii or {}) for row in rows)
    return PublishedTable(key=key, columns=columns, rows=tuple(rows), results=results, **about)


def _result(row, percent, radii) -> Result:
    return Result(
        dataset=row["dataset"],
        method=row["method"],
        sigma=float(row["sigma"]) if row["sigma"] else None,
        settings=row["settings"],
        quantity=row["quantity"],
        radius=float(row["radius"]) * radii.get(row["dataset"], 1.0) if row["radius"] else None,
        value=float(row["value"]) / (100 if percent else 1),
        printed=row["value"],
    )
