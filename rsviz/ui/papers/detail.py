"""What is beside the table: one claim with its picture, or one error with its numbers."""

import streamlit as st

from rsviz.reference.papers import Claim, Erratum, Row, Verdict, rows
from rsviz.ui.glossary import marks
from rsviz.ui.papers.address import choose
from rsviz.ui.views import literal, page_and_query, view_link

COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.FALSE: "red",
    Verdict.NOT_REPRODUCED: "orange",
    Verdict.NOT_TESTED: "gray",
}


def show(row: Row) -> None:
    """Draw the detail."""
    with st.container(border=True, key="detail"):
        paper = row.paper
        name = f" · {row.id}" if isinstance(row.found, Erratum) else ""
        st.subheader(f"{paper.short}{name}", anchor=False)
        text = " ".join([*row.record().values(), paper.title])
        st.markdown(
            f":{COLOURS[row.verdict]}-badge[{row.verdict}] {literal(row.found.says)}",
            help=marks(text, "alpha"),  # in papers α is often the order of a divergence
        )
        if isinstance(row.found, Erratum):
            numbers(row.found)
        else:
            _claim(row, row.found)
        st.caption(f"*{paper.title}*. {paper.authors}, {paper.venue}.")


def _claim(row: Row, claim: Claim) -> None:
    page, query = page_and_query(claim.view)
    if page != "papers":
        view_link(claim.view, claim.place)
    if claim.note:
        st.markdown(literal(claim.note[0].upper() + claim.note[1:] + "."))
    if page == "papers":
        numbers(rows()[query["row"]].found)
    if row.errata:
        with st.container(horizontal=True):
            for erratum in row.errata:
                st.button(f"Erratum {erratum}", key=f"erratum-{erratum}", on_click=choose, args=(erratum,))


def numbers(erratum: Erratum) -> None:
    """What is printed, what is correct, and the number that shows it."""
    how = "computed here" if erratum.computed else erratum.evidence
    st.markdown(
        f":small[Printed:] {literal(erratum.printed)}\n\n"
        f":small[Correct:] {literal(erratum.correct)}\n\n"
        f"**{literal(erratum.shows)}** :gray-badge[{how}]"
    )
