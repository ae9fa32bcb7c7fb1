"""A new page is one file and one line in the table of pages: it is then in the navigation and opens."""

import pytest
import streamlit as st

from rsviz.ui import shell
from tests.pages.test_all_pages import opens_with_one_title

TOY = """
import streamlit as st

from rsviz.ui.address import Address, number
from rsviz.ui.shell import show_page

ADDRESS = Address("toy", {"t_marbles": number(0, 10, 3)})


def page():
    ADDRESS.restore()
    st.title("A toy")
    st.number_input("Marbles", 0, 10, key="t_marbles")
    ADDRESS.write()


show_page(page)
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text(TOY)
    page = shell.Page("toy", "Toy", "toys", "Marbles to count.", folder=str(tmp_path))
    monkeypatch.setattr(shell, "PAGES", (*shell.PAGES, page))
    return page


def test_a_toy_page_passes_what_every_page_has_to(toy, open_page):
    opens_with_one_title(open_page(toy.key, toy.folder), toy)


def test_a_toy_page_is_in_the_navigation_and_its_link_restores_it(toy, open_page, monkeypatch):
    shown, navigation = [], st.navigation

    def kept(groups, **how):
        shown.extend(page for group in groups.values() for page in group)
        return navigation(groups, **how)

    monkeypatch.setattr(st, "navigation", kept)
    app = open_page("toy", toy.folder, t_marbles="7")
    assert ("Toy", "toy") in [(page.title, page.url_path) for page in shown]
    assert app.number_input(key="t_marbles").value == 7
    app.number_input(key="t_marbles").set_value(8).run()
    assert app.query_params["t_marbles"] in ("8", ["8"])
