"""The claims and errata: complete, filled in, and linked to pages that exist."""

import re
from pathlib import Path

import pytest

from rsviz.bounds import BOUNDS
from rsviz.reference.demonstrations import DEMONSTRATIONS
from rsviz.reference.papers import ERRATUM, Verdict, find, papers, rows

CHECKOUT = Path(__file__).resolve().parents[1]
ERRATA = {erratum.id: erratum for paper in papers() for erratum in paper.errata}


def test_every_erratum_is_there_once_with_its_number_filled_in():
    counts = {"A": 16, "B": 9, "C": 11, "D": 7}
    assert set(ERRATA) == {f"{letter}{i + 1}" for letter, count in counts.items() for i in range(count)}
    for erratum in ERRATA.values():
        assert erratum.shows
        assert "{z₁" in erratum.shows or "{" not in erratum.shows
    assert set(DEMONSTRATIONS) <= set(ERRATA)


def test_every_row_has_an_id_of_its_own_that_links_keep_and_one_of_four_verdicts():
    found = [one.id for paper in papers() for one in (*paper.claims, *paper.errata)]
    assert len(found) == len(set(found)) == len(rows())
    for row in rows().values():
        assert isinstance(row.verdict, Verdict)
        is_erratum = row.id in ERRATA
        assert re.fullmatch(r"[A-D]\d{1,2}" if is_erratum else rf"{row.paper.key}-[a-z0-9-]+", row.id)
    assert [str(verdict) for verdict in Verdict] == ["holds", "false", "not reproduced", "not tested"]
    assert {row.verdict for row in rows().values()} == set(Verdict)


def test_a_note_names_errata_that_exist_and_a_correction_that_says_true_is_not_called_false():
    for row in rows().values():
        assert set(row.errata) <= set(ERRATA)
        if row.id in ERRATA:
            assert not (row.found.correct.startswith("True;") and row.verdict is Verdict.FALSE)
        else:
            assert not ERRATUM.search(row.found.says)


def test_a_search_finds_every_word_in_any_column_whatever_case_and_accents():
    assert "li-theorem-2" in [row.id for row in find(words="renyi GAUSSIAN")]
    assert [row.id for row in find("li", words="0.0745 pixeldp")] == ["A9"]
    assert find("adre", words="0.0745") == []
    held = find("unified", "holds")
    assert held and {(row.paper.key, row.verdict) for row in held} == {("unified", "holds")}
    assert find() == list(rows().values())


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
