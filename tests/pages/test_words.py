"""One glossary: each term and symbol has a help mark where a page first uses it; page and README agree."""

from rsviz.reference.glossary import WORDS, find, words_in
from tests.addresses import wrong_parts

SPOKEN = ("label", "body")
"""Of an element: what everybody reads. Charts and components have their words in pictures."""
WITHOUT_WORDS = {"html", "code", "json", "vega_lite_chart", "plotly_chart", "imgs", "bidi_component"}


def texts(block):
    """(what is read, its help mark) of every element, from top to bottom."""
    for child in block.children.values():
        proto = getattr(child, "proto", None)
        if hasattr(child, "children"):
            yield _of(proto)
            yield from texts(child)
        elif child.type not in WITHOUT_WORDS:
            yield _of(proto)


def _of(proto):
    read = [getattr(proto, name, "") for name in SPOKEN]
    return " ".join(text for text in read if isinstance(text, str)), str(getattr(proto, "help", ""))


def unexplained(app) -> list[tuple[str, str]]:
    """(word, text) of each word whose first use has no help mark with its sentence there or above."""
    explained, missing = set(), {}
    for read, mark in texts(app.main):
        explained |= {key for key, word in WORDS.items() if word.says in mark}
        for key in words_in(read):
            if key not in explained:
                missing.setdefault(key, read)
    return list(missing.items())


def test_every_word_is_one_or_two_sentences_and_its_link_is_taken():
    for word in WORDS.values():
        assert word.says.endswith(".") and word.says.count(". ") <= 1
        assert bool(word.view) == bool(word.place)
        assert not word.view or wrong_parts(word.view) == []


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
