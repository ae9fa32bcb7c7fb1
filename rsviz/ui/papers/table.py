"""The table of claims: one component with real rows, for the mouse, the keyboard and the screen reader."""

from pathlib import Path

import streamlit as st

from rsviz.reference.papers import Row
from rsviz.ui.papers.address import choose

FOLDER = Path(__file__).with_name("script")
KEY = "papers-table"
STYLE = """<style>
.st-key-detail [data-testid="stPageLink"] a {
  border: 2px solid light-dark(#0072B2, #56B4E9); padding: 0.4rem 0.8rem;
}
.st-key-detail h3 {padding-top: 0}
@media (max-width: 640px) {
  .st-key-filters > :nth-child(-n + 2) {flex: 1 1 40%; width: auto !important; min-width: 0 !important}
}
</style>"""
"""Of the page around it. On a phone search and paper are one line, so that the detail is seen."""
_COMPONENT = st.components.v2.component(
    "rsviz_papers",
    html=(FOLDER / "table.html").read_text(encoding="utf-8"),
    css=(FOLDER / "table.css").read_text(encoding="utf-8"),
    js=(FOLDER / "table.js").read_text(encoding="utf-8"),
)


def table(shown: list[Row], chosen: Row) -> None:
    """Draw it. A click on a row, or Enter, chooses the row."""
    _COMPONENT(
        key=KEY,
        on_chosen_change=_take,
        data={
            "chosen": chosen.id,
            "rows": [
                {
                    "id": row.id,
                    "paper": row.paper.short,
                    "claim": row.found.says,
                    "verdict": str(row.verdict),
                }
                for row in shown
            ],
        },
    )


def _take() -> None:
    choose(str(st.session_state[KEY].get("chosen")))
