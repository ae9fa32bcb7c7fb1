"""How to cite: one file of BibTeX, which README, CITATION.cff, the app and the exports repeat."""

import re
from pathlib import Path

import pytest

from rsviz.reference.citations import PAPERS, RSVIZ, SHORT, bibtex, entries
from rsviz.reference.papers import papers
from rsviz.reference.published import ATTACKED, CERTIFIED, curves, printed_curve, published

CHECKOUT = Path(__file__).resolve().parents[2]


def field(entry, name):
    return re.search(rf"^  {name}\s*= \{{(.*)\}},?$", entry, re.MULTILINE)[1].strip("{}")


def test_every_paper_and_every_table_can_be_cited():
    assert {paper.key for paper in papers()} | {table.paper for table in published()} == set(PAPERS)
    assert set(SHORT) == set(PAPERS)
    assert set(PAPERS.values()) | {RSVIZ} == set(entries())


@pytest.mark.parametrize("paper", papers(), ids=lambda paper: paper.key)
def test_an_entry_has_the_title_of_the_papers_page(paper):
    title = field(entries()[PAPERS[paper.key]], "title").replace("{", "").replace("}", "")
    assert title == paper.title


@pytest.mark.parametrize("key", entries())
def test_an_entry_is_balanced_and_has_author_and_title(key):
    entry = entries()[key]
    assert entry.count("{") == entry.count("}")
    assert field(entry, "author") and field(entry, "title")


def test_readme_citation_file_and_bibtex_agree():
    entry = entries()[RSVIZ]
    assert f"```bibtex\n{entry}\n```" in (CHECKOUT / "README.md").read_text("utf-8")
    told = (CHECKOUT / "CITATION.cff").read_text("utf-8")
    assert f'title: "{field(entry, "title")}"' in told
    assert f"version: {field(entry, 'version')}\n" in told
    assert f"date-released: {field(entry, 'year')}-" in told
    assert f"license: {field(entry, 'license')}\n" in told
    assert f"- name: {field(entry, 'author')}\n" in told


def test_bibtex_of_some_papers_begins_with_rsviz_and_has_no_other():
    text = bibtex(["adre", "cohen"])
    assert re.findall(r"^@\w+\{(\S+),", text, re.MULTILINE) == [RSVIZ, PAPERS["cohen"], PAPERS["adre"]]


@pytest.mark.parametrize("quantity", [CERTIFIED, ATTACKED])
def test_printed_curves_have_readable_names_of_their_own(quantity):
    found = [printed_curve(key, quantity) for key in curves(quantity)]
    assert len({(curve.dataset, curve.title) for curve in found}) == len(found)
    for curve in found:
        assert ("published" in curve.title and "Table" in curve.title) or curve.table.paper == "cohen"
        assert "[" not in curve.title and "analysis/" not in curve.title
        at = [result.radius for result in curve.results]
        assert curve.values_at([*at, 99.0]) == [*(result.value for result in curve.results), None]


def test_a_name_says_method_network_sigma_and_section():
    key = next(key for key in curves(CERTIFIED) if key[0] == "adre-table-1" and key[2] == "ADRE-REG")
    title = printed_curve(key).title
    for words in ("ADRE_REG", "ResNet-110", "σ = 0.12", "Section Experiments, Table 1", "Feng et al. 2020"):
        assert words in title
