"""What every page stands in: its settings, the navigation, and a run of its own when it is opened first."""

import functools
import gc
import threading
from pathlib import Path

import streamlit as st

from rsviz.ui.pictures import data_uri

PAGES = (
    ("pages/certify.py", "Certify", ":material/verified:", "Certify an image: votes, class, radius."),
    (
        "pages/attack.py",
        "Attack",
        ":material/bolt:",
        "Attack an image: what is broken beside what is proved.",
    ),
    (
        "pages/evaluate.py",
        "Evaluate",
        ":material/checklist:",
        "Certify a whole test set: accuracy against radius.",
    ),
    (
        "pages/population.py",
        "Population",
        ":material/groups:",
        "How bad the loss gets over a population that moves.",
    ),
    ("pages/bounds.py", "Bounds", ":material/stacked_line_chart:", "Every closed-form bound, side by side."),
    (
        "pages/noise.py",
        "Noise",
        ":material/grain:",
        "Four mechanisms: their shape, their size, what they prove.",
    ),
    (
        "pages/statistics.py",
        "Statistics",
        ":material/casino:",
        "How sure after n votes: procedures, failures, peeking.",
    ),
    (
        "pages/train.py",
        "Train",
        ":material/model_training:",
        "Train a small network, and watch what it learns.",
    ),
    ("pages/papers.py", "Papers", ":material/menu_book:", "What the papers claim, and where they are wrong."),
)

# A symbol by name would be fetched from another host.
ICON = data_uri(Path(__file__).with_name("icon.png").read_bytes())

_here = threading.local()


def run_app() -> None:
    """Draw the navigation and the page that the URL names. All of app.py."""
    st.set_page_config(page_icon=ICON, layout="wide")
    pages = [st.Page(path, title=title, icon=icon, help=words) for path, title, icon, words in PAGES]
    # A default page has no URL of its own; this one leads to the first page, which has.
    home = st.Page(lambda: st.switch_page(pages[0]), title="rsviz", default=True, visibility="hidden")
    page = st.navigation([home, *pages], position="top")
    _here.inside = True
    try:
        page.run()
    finally:
        _here.inside = False
    _freeze()


@functools.cache
def _freeze() -> None:
    """Once, when a page has imported what it needs: keep all that is there out of garbage collections.

    With these modules loaded a full collection takes tenths of a second, in which nobody is served.
    """
    gc.collect()
    gc.freeze()


def open_page() -> None:
    """First line of every page, after its imports.

    On a fresh server a page's own URL runs its file without app.py; then the page first sets up what app.py
    would have, and is run again from there.
    """
    if not getattr(_here, "inside", False):
        run_app()
        st.stop()
