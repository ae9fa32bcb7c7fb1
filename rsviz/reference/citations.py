"""How to cite: BibTeX of rsviz, of the papers that it implements, and of those whose numbers it draws."""

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from rsviz.bounds import BOUNDS
from rsviz.bounds.papers import COHEN, LI, UNIFIED

SOURCE = Path(__file__).parent / "citations.bib"

RSVIZ = "rsviz"
"""Key of rsviz itself."""

PAPERS: Mapping[str, str] = MappingProxyType(
    {
        "cohen": "cohen2019certified",
        "li": "li2019certified",
        "li-arxiv": "li2018gaussian",
        "nal": "nal",
        "unified": "unified2020",
        "adre": "feng2020regularized",
    }
)
"""Paper, as in rsviz.reference.papers and the tables of rsviz.reference.published -> key of its entry."""

OF_BOUNDS: Mapping[str, str] = MappingProxyType({COHEN: "cohen", LI: "li", UNIFIED: "unified"})
"""Paper of a bound -> paper with an entry."""

SHORT: Mapping[str, str] = MappingProxyType(
    {
        "cohen": "Cohen et al. 2019",
        "li": "Li et al. 2019",
        "li-arxiv": "Li et al., earlier version",
        "nal": "NAL, anonymous",
        "unified": "Unified, anonymous 2020",
        "adre": "Feng et al. 2020",
    }
)
"""Paper -> its name in a line."""


def of_bounds(keys: Iterable[str]) -> list[str]:
    """The papers with an entry that these bounds come from, each once. keys: of BOUNDS."""
    papers = dict.fromkeys(BOUNDS[key].paper for key in keys)
    return [OF_BOUNDS[paper] for paper in papers if paper in OF_BOUNDS]


@functools.cache
def entries() -> Mapping[str, str]:
    """Every BibTeX entry by its key."""
    text = SOURCE.read_text(encoding="utf-8")
    found = re.findall(r"^@\w+\{(\S+),\n.*?^\}$", text, re.DOTALL | re.MULTILINE)
    blocks = [match[0] for match in re.finditer(r"^@\w+\{\S+,\n.*?^\}$", text, re.DOTALL | re.MULTILINE)]
    return MappingProxyType(dict(zip(found, blocks, strict=True)))


def bibtex(papers: Iterable[str] = PAPERS) -> str:
    """The entry of rsviz and those of some papers, in the order of the file. papers: keys of PAPERS."""
    wanted = {RSVIZ, *(PAPERS[paper] for paper in papers)}
    return "\n\n".join(entry for key, entry in entries().items() if key in wanted) + "\n"
