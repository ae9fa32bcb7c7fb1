"""Certified accuracy at chosen radii as a Markdown, LaTeX or CSV table; the best of each column is bold."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rsviz.errors import RsvizError
from rsviz.norms import NORMS

LATEX = str.maketrans(
    {letter: rf"\{letter}" for letter in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


@dataclass(frozen=True)
class Table:
    """Certified accuracy of several test sets, shown in percent.

    radii: the columns, in pixel units of `norm`. rows: name -> shares in [0, 1]; None for an unknown share.
    acr: name -> average certified radius, the last column; {} leaves it out.
    Shares and radii are rounded down; all cells that equal the best one after rounding are bold.
    """

    radii: Sequence[float]
    rows: Mapping[str, Sequence[float | None]]
    acr: Mapping[str, float | None]
    norm: str = "l2"

    def __post_init__(self):
        for name, shares in self.rows.items():
            if len(shares) != len(self.radii):
                raise RsvizError(f"{name} has {len(shares)} shares; the table has {len(self.radii)} radii.")
            if any(share is not None and not 0 <= share <= 1 for share in shares):
                raise RsvizError(f"{name} has a share outside [0, 1].")

    def markdown(self) -> str:
        """The table as Markdown, the best numbers between ** **."""
        name = NORMS[self.norm].symbol if self.norm in NORMS else self.norm
        head = [f"{name} radius", *self._heads(), *(["ACR"] if self.acr else [])]
        lines = [head, ["---"] + ["---:"] * (len(head) - 1)]
        lines += [
            [_one_line(name).replace("|", r"\|"), *cells] for name, cells in self._cells("**{}**".format)
        ]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def latex(self) -> str:
        """The table as a LaTeX tabular with booktabs, the best numbers in \\textbf."""
        name = f"${NORMS[self.norm].latex}$" if self.norm in NORMS else self.norm
        head = [f"{name} radius", *self._heads(), *(["ACR"] if self.acr else [])]
        rows = [
            [_one_line(name).translate(LATEX), *cells] for name, cells in self._cells(r"\textbf{{{}}}".format)
        ]
        lines = [rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", r"\toprule", " & ".join(head) + r" \\"]
        lines += [r"\midrule", *(" & ".join(row) + r" \\" for row in rows), r"\bottomrule", r"\end{tabular}"]
        return "\n".join(lines) + "\n"

    def csv(self) -> str:
        """The table as comma-separated values: shares in [0, 1], not rounded, nothing bold."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", *(f"{radius:g}" for radius in self.radii), *(["ACR"] if self.acr else [])])
        for name, shares in self.rows.items():
            values = [*shares, *([self.acr.get(name)] if self.acr else [])]
            writer.writerow([_safe(name), *("" if value is None else repr(float(value)) for value in values)])
        return file.getvalue()

    def _heads(self) -> list[str]:
        return [f"{radius:g}" for radius in self.radii]

    def _cells(self, bold: Callable[[str], str]):
        """(name, cells as text) of each row."""
        columns = [
            [_down(shares[place], 100, 1) for shares in self.rows.values()]
            for place in range(len(self.radii))
        ]
        if self.acr:
            columns.append([_down(self.acr.get(name), 1, 3) for name in self.rows])
        columns = [_with_bold(column, bold) for column in columns]
        return zip(self.rows, (list(cells) for cells in zip(*columns, strict=True)), strict=True)


def _down(value, factor, digits) -> str:
    """`value` times `factor`, rounded down to `digits` decimals, apart from rounding errors."""
    if value is None:
        return ""
    return f"{math.floor(value * factor * 10**digits + 1e-6) / 10**digits:.{digits}f}"


def _with_bold(column, bold) -> list[str]:
    known = [float(text) for text in column if text]
    best = max(known, default=0.0)
    return [bold(text) if text and float(text) == best > 0 else text or "–" for text in column]


def _one_line(name) -> str:
    return " ".join(str(name).split())


def _safe(name) -> str:
    """The name, quoted if a spreadsheet would read it as a formula."""
    name = _one_line(name)
    return f"'{name}" if name[:1] in ("=", "+", "-", "@") else name
