"""The frame of every page: its settings, the navigation, and how a page's file runs."""

import functools
import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rsviz.data.images import data_uri
from rsviz.errors import RsvizError
from rsviz.ui import tour
from rsviz.ui.frame import frame
from rsviz.ui.runs import drawer, offer_owner


@dataclass(frozen=True)
class Page:
    """A page and its place in the navigation.

    key: of its file, FOLDER/KEY.py, and its URL. symbol: name of a Material symbol. says: one sentence.
    group: what one wants to do there; "" for what is always in sight.
    """

    key: str
    title: str
    symbol: str
    says: str
    group: str = ""
    folder: str = "pages"

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.key}.py"

    @property
    def icon(self) -> str:
        return f":material/{self.symbol}:"


UNDERSTAND, USE, RESEARCH = "Understand", "Use", "Research"
# A new page is its file and a line here. Pages of a group stand together.
PAGES = (
    Page("start", "Start", "home", "What this is, and three ways in."),
    Page("lesson", "Lessons", "school", "Eight lessons for a hall, and your own."),
    Page(
        "playground",
        "Playground",
        "touch_app",
        "Drag a point: smoothing in two dimensions, exact.",
        UNDERSTAND,
    ),
    Page(
        "noise",
        "Noise",
        "grain",
        "The noise mechanisms: their shape, their size, what they prove.",
        UNDERSTAND,
    ),
    Page(
        "statistics",
        "Statistics",
        "casino",
        "How sure after n votes: procedures, failures, peeking.",
        UNDERSTAND,
    ),
    Page("bounds", "Bounds", "stacked_line_chart", "Every closed-form bound, side by side.", UNDERSTAND),
    Page("quiz", "Quiz", "quiz", "Eight questions, each answer explained.", UNDERSTAND),
    Page("words", "Words", "dictionary", "Every term and symbol in one sentence.", UNDERSTAND),
    Page("certify", "Certify", "verified", "Certify an image: votes, class, radius.", USE),
    Page("attack", "Attack", "bolt", "Attack an image: what is broken beside what is proved.", USE),
    Page("evaluate", "Evaluate", "checklist", "Certify a whole test set: accuracy against radius.", USE),
    Page("train", "Train", "model_training", "Train a small network, and watch what it learns.", USE),
    Page(
        "population", "Population", "groups", "How bad the loss gets over a population that moves.", RESEARCH
    ),
    Page("papers", "Papers", "menu_book", "What the papers claim, and where they are wrong.", RESEARCH),
)

# A symbol by name would be fetched from another host.
ICON = data_uri(Path(__file__).with_name("icon.png").read_bytes())

_here = threading.local()


def run_app() -> None:
    """Draw the navigation and the page that the URL names. All of app.py."""
    st.set_page_config(page_icon=ICON, layout="wide")
    pages = [st.Page(page.path, title=page.title, icon=page.icon, help=page.says) for page in PAGES]
    # A default page has no URL of its own; this one leads to the first page, which has.
    home = st.Page(lambda: _open(pages[0]), title="rsviz", default=True, visibility="hidden")
    groups = {"": [home]}
    for known, drawn in zip(PAGES, pages, strict=True):
        groups.setdefault(known.group, []).append(drawn)
    page = st.navigation(groups, position="top")
    frame()
    place = st.container(key="runs-place")
    _here.inside = True
    if st.session_state.get("page-now") != page.url_path:
        # the one drawn last may have been left before it was complete
        st.session_state.update({"page-now": page.url_path, "page-drawn": None})
    try:
        offer_owner()
        page.run()
        tour.card()
    finally:
        _here.inside = False
        with place:  # at last, so that it counts what this very run of the page has begun
            drawer({page.key: page.path for page in PAGES})
    st.session_state["page-drawn"] = page.url_path
    _freeze()


def _open(page) -> None:
    """Go on to the page, with what the address asks for."""
    st.switch_page(page, query_params={key: st.query_params.get_all(key) for key in st.query_params})


@functools.cache
def _freeze() -> None:
    """Once, when a page has imported what it needs: keep all that is loaded out of garbage collections.

    With these modules loaded a full collection takes tenths of a second, in which nobody is served.
    """
    gc.collect()
    gc.freeze()


def show_page(draw: Callable[[], None]) -> None:
    """Draw the page, and an RsvizError as a sentence: the last statement of a page's file.

    On a fresh server a page's own URL runs its file without app.py. Then the page first sets up what app.py
    would have, and is run again from there.
    """
    if not getattr(_here, "inside", False):
        run_app()
        st.stop()
    try:
        draw()
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
