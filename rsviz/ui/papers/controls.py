"""Search, paper and verdict."""

from collections import Counter

from rsviz.reference.papers import Verdict
from rsviz.ui.papers.address import ALL, PAPERS
from rsviz.ui.widgets import segmented_control, selectbox, text_input

WIDTH = 270
"""Pixels; the three controls are one line on a small projector."""


def search() -> None:
    """The field of the search."""
    text_input(
        "Search",
        key="q",
        type="search",
        live=True,
        max_chars=80,
        placeholder="theorem, bound, number, A9",
        width=WIDTH,
    )


def pick_paper() -> None:
    """All papers, or one."""
    selectbox(
        "Paper",
        [ALL, *PAPERS],
        format_func=lambda key: (
            f"{PAPERS[key].short}: {PAPERS[key].title}" if key in PAPERS else "All papers"
        ),
        key="paper",
        width=WIDTH,
    )


def pick_verdict(counts: Counter) -> None:
    """All verdicts, or one. counts: of the rows with each."""

    def label(verdict):
        return f"All {counts.total()}" if verdict == ALL else f"{verdict.capitalize()} {counts[verdict]}"

    segmented_control(
        "Verdict",
        [ALL, *Verdict],
        required=True,
        format_func=label,
        key="verdict",
    )
