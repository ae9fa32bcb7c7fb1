"""Certified accuracy at chosen radii as a Markdown, LaTeX or CSV table; the best of each column is bold."""

import csv
import io
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rsviz.errors import RsvizError
from rsviz.norms import NORMS

MATH = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "varepsilon",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ρ": "rho",
    "σ": "sigma",
    "φ": "varphi",
    "∞": "infty",
    "ℓ": "ell",
    "≤": "leq",
    "≥": "geq",
    "×": "times",
    "±": "pm",
}
LATEX = str.maketrans(
    {letter: rf"\{letter}" for letter in "&%$#_{}"}
    | {letter: rf"$\{command}$" for letter, command in MATH.items()}
    | {letter: f"$_{digit}$" for digit, letter in enumerate("₀₁₂₃₄₅₆₇₈₉")}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''"}
    | {"–": "--", "—": "---", "“": "``", "”": "''", "’": "'", "·": r"\textperiodcentered{}"}
)
"""Letters that LaTeX, with its standard packages alone, takes for something else or does not know."""

COMPUTED, FROM_LOG = "computed here", "from a log"
"""What the last column says of rows that are not published."""

MARKDOWN = str.maketrans({letter: rf"\{letter}" for letter in r"\`*[]<>|$~"})


@dataclass(frozen=True)
class Origin:
    """Where a published row comes from. words: paper, section and table. citation: key of a BibTeX entry."""

    words: str
    citation: str


@dataclass(frozen=True)
class Table:
    """Certified accuracy of several test sets, shown in percent.

    radii: the columns, in pixel units of `norm`. rows: name -> shares in [0, 1]; None for an unknown share.
    acr: name -> average certified radius, the last column; {} leaves it out.
    published: name -> origin of the rows that are printed in papers; with one or more, a column says it.
    logs: names of the rows that are those of somebody's log.
    ranked: names that are compared, those of the same images; None for all that are not published.
    Shares and radii are rounded down; all cells that equal the best one of the compared rows after rounding
    are bold.
    """

    radii: Sequence[float]
    rows: Mapping[str, Sequence[float | None]]
    acr: Mapping[str, float | None]
    norm: str = "l2"
    published: Mapping[str, Origin] = field(default_factory=dict)
    logs: Collection[str] = ()
    ranked: Collection[str] | None = None

    def __post_init__(self):
        for name, shares in self.rows.items():
            if len(shares) != len(self.radii):
                raise RsvizError(f"{name} has {len(shares)} shares; the table has {len(self.radii)} radii.")
            if any(share is not None and not 0 <= share <= 1 for share in shares):
                raise RsvizError(f"{name} has a share outside [0, 1].")

    def markdown(self) -> str:
        """The table as Markdown, the best numbers between ** **."""
        name = NORMS[self.norm].symbol if self.norm in NORMS else self.norm
        head = [f"{name} radius", *self._heads(), *(["ACR"] if self.acr else []), *self._last("source")]
        lines = [head, ["---"] + ["---:"] * (len(head) - 1 - bool(self.published))]
        lines[1] += self._last("---")
        for name, cells in self._cells("**{}**".format):
            origin = self.published.get(name)
            where = f"published: {origin.words}" if origin else self._made(name)
            lines.append([_markdown(name), *cells, *self._last(_markdown(where))])
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def latex(self) -> str:
        """The table as a LaTeX tabular with booktabs, the best numbers in \\textbf, published rows cited."""
        name = f"${NORMS[self.norm].latex}$" if self.norm in NORMS else self.norm
        head = [f"{name} radius", *self._heads(), *(["ACR"] if self.acr else []), *self._last("source")]
        aligned = f"l{'r' * (len(head) - 1 - bool(self.published))}{'l' * bool(self.published)}"
        lines = [r"% needs \usepackage{booktabs}", rf"\begin{{tabular}}{{{aligned}}}", r"\toprule"]
        lines += [" & ".join(head) + r" \\", r"\midrule"]
        for name, cells in self._cells(r"\textbf{{{}}}".format):
            origin = self.published.get(name)
            where = rf"published, \cite{{{origin.citation}}}" if origin else self._made(name)
            cells = [cell.translate({ord("–"): "--"}) for cell in cells]
            lines.append(" & ".join([_latex(name), *cells, *self._last(where)]) + r" \\")
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"

    def csv(self) -> str:
        """The table as comma-separated values: shares in [0, 1], not rounded, nothing bold."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        heads = [f"{radius:g}" for radius in self.radii]
        acr = ["ACR"] if self.acr else []
        said = ["kind", "source", "bibtex"] if self.published else []
        writer.writerow(["name", *heads, *acr, *said])
        for name, shares in self.rows.items():
            cells = ["" if share is None else share for share in shares]
            if self.acr:
                cells.append("" if (value := self.acr.get(name)) is None else value)
            if self.published:
                origin = self.published.get(name)
                cells += (
                    ["published", origin.words, origin.citation] if origin else [self._made(name), "", ""]
                )
            writer.writerow([_safe(name), *cells])
        return file.getvalue()

    def _made(self, name) -> str:
        return FROM_LOG if name in self.logs else COMPUTED

    def _last(self, text) -> list[str]:
        """The cell of the last column, if there are published rows."""
        return [text] if self.published else []

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
        ranked = [
            name not in self.published and (self.ranked is None or name in self.ranked) for name in self.rows
        ]
        columns = [_with_bold(column, ranked, bold) for column in columns]
        return zip(self.rows, (list(cells) for cells in zip(*columns, strict=True)), strict=True)


def _down(value, factor, digits) -> str:
    """`value` times `factor`, rounded down to `digits` decimals, apart from rounding errors."""
    if value is None:
        return ""
    return f"{math.floor(value * factor * 10**digits + 1e-6) / 10**digits:.{digits}f}"


def _with_bold(column, ranked, bold) -> list[str]:
    """The cells; of those that are compared with each other the best are bold."""
    best = max(
        (float(text) for text, counts in zip(column, ranked, strict=True) if text and counts), default=0.0
    )
    return [
        bold(text) if text and counts and float(text) == best > 0 else text or "–"
        for text, counts in zip(column, ranked, strict=True)
    ]


def _markdown(name) -> str:
    return _one_line(name).translate(MARKDOWN)


def _latex(name) -> str:
    return _one_line(name).translate(LATEX)


def _one_line(name) -> str:
    return " ".join(str(name).split())


def _safe(name) -> str:
    """The name, quoted if a spreadsheet would read it as a formula."""
    name = _one_line(name)
    return f"'{name}" if name[:1] in ("=", "+", "-", "@") else name
