"""What is beside the table: one claim with its picture, or one error with its numbers."""

import streamlit as st

from rsviz.reference.papers import Claim, Erratum, Row, Verdict, rows
from rsviz.ui.papers.address import choose
from rsviz.ui.shell import PAGES

COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.FALSE: "red",
    Verdict.NOT_REPRODUCED: "orange",
    Verdict.NOT_TESTED: "gray",
}
ARROW = ":material/arrow_forward:"


def show(row: Row) -> None:
    """Draw the detail."""
    with st.container(border=True, key="detail"):
        paper = row.paper
        name = f" · {row.id}" if isinstance(row.found, Erratum) else ""
        st.subheader(f"{paper.short}{name}", anchor=False)
        st.markdown(f":{COLOURS[row.verdict]}-badge[{row.verdict}] {literal(row.found.says)}")
        if isinstance(row.found, Erratum):
            numbers(row.found)
        else:
            _claim(row, row.found)
        st.caption(f"*{paper.title}*. {paper.authors}, {paper.venue}.")


def _claim(row: Row, claim: Claim) -> None:
    page, query = link(claim.view)
    if page != "papers":
        st.page_link(f"pages/{page}.py", label=f"See it: {claim.place}", icon=ARROW, query_params=query)
    if claim.note:
        st.markdown(literal(claim.note[0].upper() + claim.note[1:] + "."))
    if page == "papers":
        numbers(rows()[query["row"]].found)
    if row.errata:
        with st.container(horizontal=True):
            for erratum in row.errata:
                st.button(f"Erratum {erratum}", key=f"erratum-{erratum}", on_click=choose, args=(erratum,))


def link(view: str) -> tuple[str, dict[str, str]]:
    """The page of a view and its query."""
    page, _, query = view.partition("?")
    assert page in {known.key for known in PAGES}
    return page, dict(part.split("=", 1) for part in query.split("&") if part)


def numbers(erratum: Erratum) -> None:
    """What is printed, what is correct, and the number that shows it."""
    how = "computed here" if erratum.computed else erratum.evidence
    st.markdown(
        f":small[Printed:] {literal(erratum.printed)}\n\n"
        f":small[Correct:] {literal(erratum.correct)}\n\n"
        f"**{literal(erratum.shows)}** :gray-badge[{how}]"
    )


def literal(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for sign in "\\*_[]|~<>$":
        text = text.replace(sign, f"\\{sign}")
    return text
