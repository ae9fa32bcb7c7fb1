"""What the URL of the Papers page holds, and the rows that it asks for."""

from collections import Counter

import streamlit as st

from rsviz.reference.papers import Row, Verdict, find, papers, rows
from rsviz.ui.address import Address, choice, text

ALL = "all"
PAPERS = {paper.key: paper for paper in papers()}
ADDRESS = Address(
    "papers",
    {
        "q": text(),
        "paper": choice((ALL, *PAPERS), ALL),
        "verdict": choice((ALL, *Verdict), ALL),
        "row": choice(rows(), None),
    },
)


def found() -> tuple[list[Row], Counter]:
    """(the rows that are asked for; how many of each verdict there are, whichever verdict is asked for)."""
    asked = {key: None if value == ALL else value for key, value in ADDRESS.values().items()}
    left = find(asked["paper"], words=asked["q"] or "")
    counts = Counter(row.verdict for row in left)
    return [row for row in left if asked["verdict"] in (None, row.verdict)], counts


def chosen(among: list[Row]) -> Row | None:
    """The row in the URL, else the first one. among: the rows that are left."""
    ids = [row.id for row in among]
    if not ids:
        st.session_state["row"] = None
        return None
    return rows()[ADDRESS.suggest("row", ids[0], allowed=lambda row: row in ids)]


def choose(row: str) -> None:
    """In a callback: the row that a person asks for, whatever hides it."""
    if row in rows():
        values = ADDRESS.defaults() if row not in {one.id for one in found()[0]} else {}
        ADDRESS.put(values | {"row": row})
