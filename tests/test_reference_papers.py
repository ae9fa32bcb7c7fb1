"""The claims and errata: complete, filled in, and linked to pages that exist."""

import re
from pathlib import Path

import pytest

from rsviz.bounds import BOUNDS
from rsviz.reference.demonstrations import DEMONSTRATIONS
from rsviz.reference.papers import papers

CHECKOUT = Path(__file__).resolve().parents[1]
ERRATA = {erratum.id: erratum for paper in papers() for erratum in paper.errata}


def test_every_erratum_is_there_once_with_its_number_filled_in():
    counts = {"A": 16, "B": 9, "C": 11, "D": 7}
    assert set(ERRATA) == {f"{letter}{i + 1}" for letter, count in counts.items() for i in range(count)}
    for erratum in ERRATA.values():
        assert erratum.shows
        assert "{z₁" in erratum.shows or "{" not in erratum.shows
    assert set(DEMONSTRATIONS) <= set(ERRATA)


def test_every_claim_leads_to_a_page_and_to_bounds_that_exist():
    for paper in papers():
        assert paper.claims
        for claim in paper.claims:
            page, _, query = claim.view.partition("?")
            assert (CHECKOUT / "pages" / f"{page.partition('#')[0]}.py").exists()
            for key in re.findall(r"[a-z]+-(?:l1|l2|linf)", query):
                assert key in BOUNDS


@pytest.mark.parametrize(
    ("erratum", "number"),
    [
        ("A2", "2.148"),
        ("A5", "-0.571"),
        ("A9", "0.0293 < 0.0745"),
        ("A12", "0.198"),
        ("A14", "0.401"),
        ("B2", "11.1"),
        ("B3", "0.48394"),
        ("C1", "0.1054"),
        ("C2", "8.61"),
        ("C5", "22.7%"),
        ("C7", "2.761"),
        ("D4", "1.87"),
    ],
)
def test_computed_numbers_are_those_of_the_errata(erratum, number):
    assert number in ERRATA[erratum].shows
    assert ERRATA[erratum].computed
