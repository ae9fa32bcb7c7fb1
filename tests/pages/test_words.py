"""One glossary: each term and symbol has a help mark where a page first uses it; page and README agree."""

import pytest

from rsviz.lessons import LESSONS
from rsviz.reference.glossary import WORDS, find, words_in
from rsviz.reference.papers import rows
from rsviz.ui import shell
from rsviz.ui.bounds.point import OF_PRIVACY
from tests.addresses import wrong_parts
from tests.pages.conftest import CHECKOUT

SPOKEN = ("label", "body")
"""Of an element: what everybody reads. Charts and components have their words in pictures."""
WITHOUT_WORDS = {"html", "code", "json", "vega_lite_chart", "plotly_chart", "imgs", "bidi_component"}
LEADS_AWAY = {"page_link"}
"""Named after the page that it leads to."""
OTHER_MEANINGS = {
    "bounds": {*OF_PRIVACY},
    "papers": {"alpha"},  # the order of a Rényi divergence
    "population": {"bound"},  # of a loss
}
"""Page -> words whose sign means something else there; the text beside it says what."""


def unexplained(block, explained=(), missing=None) -> tuple[set[str], dict[str, str]]:
    """(the words with a help mark, the texts of words whose first use has none there or above).

    What a popover or a closed expander explains is not seen outside of it.
    """
    explained, missing = set(explained), {} if missing is None else missing
    for child in block.children.values():
        if hasattr(child, "children"):
            inside, _ = unexplained(child, explained, missing)
            explained |= set() if _is_closed(child) else inside
        elif child.type not in WITHOUT_WORDS | LEADS_AWAY:
            read = " ".join(str(getattr(child.proto, name, "")) for name in SPOKEN)
            mark = str(getattr(child.proto, "help", ""))
            explained |= {key for key, word in WORDS.items() if word.says in mark or word.says in read}
            for key in words_in(read):
                if key not in explained:
                    missing.setdefault(key, read)
    return explained, missing


def _is_closed(block) -> bool:
    return block.type == "popover" or (block.type == "expander" and not block.proto.expanded)


@pytest.mark.parametrize("page", [page.key for page in shell.PAGES])
def test_the_first_use_of_a_word_on_a_page_has_a_help_mark_with_its_sentence(page, first_drawn):
    _, missing = unexplained(first_drawn(page).main)
    found = {key: read for key, read in missing.items() if key not in OTHER_MEANINGS.get(page, ())}
    assert found == {}


def test_every_word_is_one_or_two_sentences_and_its_link_is_taken():
    for word in WORDS.values():
        assert word.says.endswith(".") and word.says.count(". ") <= 1
        assert bool(word.view) == bool(word.place)
        assert not word.view or wrong_parts(word.view) == []
        if word.view.startswith("lesson?n="):
            lesson = list(LESSONS.values())[int(word.view.removeprefix("lesson?n=")) - 1]
            assert word.place == f"Lesson: {lesson.title}"


def test_a_text_is_found_to_use_the_words_that_it_uses():
    assert words_in("Limits on p_A and p_B") == ["p_A", "p_B"]
    assert words_in("f says 5, g says 9") == ["base classifier", "smoothed classifier"]
    assert words_in(r"$\frac{0.5}{2} \bigl(\Phi^{-1}(0.9)\bigr)$ abstained at α = 1") == [
        "Phi",
        "abstain",
        "alpha",
    ]
    assert words_in("you'd draw a configuration on one colour scale, unbounded") == []
    assert words_in("") == []


def test_the_page_has_every_word_and_its_search_those_that_are_asked_for(open_page):
    app = open_page("words")
    (listed,) = [one.value for one in app.markdown]
    assert all(word.says in listed and f"**{word.title}**" in listed for word in WORDS.values())
    keys = [word.key for word in find()]
    assert keys == sorted(keys, key=str.casefold)
    app = app.text_input(key="q").set_value("runner-up").run()
    (listed,) = [one.value for one in app.markdown]
    assert WORDS["p_B"].says in listed and WORDS["seed"].says not in listed
    assert "runner-up" in app.query_params["q"]
    nothing = open_page("words", q="no such word at all")
    assert [one.value for one in nothing.info] == ["No word here has that."]


def test_the_words_of_the_readme_are_those_of_the_glossary():
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    _, _, section = readme.partition("\n## Words\n")
    said = [
        line.strip("| ").split(" | ") for line in section.partition("\n## ")[0].splitlines() if "|" in line
    ]
    by_title = {word.title: word.says for word in WORDS.values()}
    assert len(said[2:]) >= 10
    assert {title: meaning for title, meaning in said[2:] if by_title.get(title) != meaning} == {}


def test_the_readme_counts_the_rows_of_the_papers():
    assert f"{len(rows())} claims and errata" in (CHECKOUT / "README.md").read_text("utf-8")
