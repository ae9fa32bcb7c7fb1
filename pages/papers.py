"""What the papers claim, where each claim lives in the app, and where the papers are wrong."""

import streamlit as st

from rsviz.reference.citations import PAPERS
from rsviz.reference.papers import papers
from rsviz.ui.address import Address, choice
from rsviz.ui.export import how_to_cite
from rsviz.ui.glossary import explain
from rsviz.ui.shell import PAGES, show_page
from rsviz.ui.widgets import segmented_control

ALL = "all"
ADDRESS = Address("papers", {"paper": choice((ALL, *(paper.key for paper in papers())), ALL)})


def page():
    ADDRESS.restore()
    st.title("The papers, and where they are wrong")
    everything = {paper.key: paper for paper in papers()}
    number = sum(len(paper.errata) for paper in everything.values())
    computed = sum(erratum.computed for paper in everything.values() for erratum in paper.errata)
    st.markdown(
        f"Five texts, two of them versions of one. Their claims, where each can be seen here, and {number} "
        f"errors, from misprints to false theorems. {computed} of the errors are shown by numbers that this "
        f"page computes.",
        help=explain("certificate", "radius", "noise"),
    )
    chosen = segmented_control(
        "Paper",
        [ALL, *everything],
        required=True,
        format_func=lambda key: everything[key].short if key in everything else "All",
        key="paper",
        label_visibility="collapsed",
    )
    for paper in everything.values():
        if chosen in (ALL, paper.key):
            section(paper)
    st.header("How to cite", anchor="cite", divider="gray")
    how_to_cite(PAPERS if chosen == ALL else [chosen])
    ADDRESS.write()


def section(paper):
    st.header(paper.short, anchor=paper.key, divider="gray")
    st.markdown(f"*{paper.title}* · {paper.authors} · {paper.venue}")
    for claim in paper.claims:
        with st.container(border=True):
            note = f"  \n:small[{claim.note}]" if claim.note else ""
            st.markdown(f"{verdict_badge(claim.verdict)} {claim.says}{note}")
            see(claim)
    if not paper.errata:
        return
    st.subheader("Errata", anchor=f"{paper.key}-errata")
    st.markdown("\n\n".join(entry(erratum) for erratum in paper.errata))


def see(claim):
    """A link to the picture of a claim; claims of text alone have none."""
    name, _, query = claim.view.partition("?")
    if name in {page.key for page in PAGES} - {"papers"}:
        parameters = dict(part.split("=", 1) for part in query.split("&")) if query else None
        st.page_link(
            f"pages/{name}.py", label=claim.place, icon=":material/arrow_forward:", query_params=parameters
        )


def verdict_badge(verdict) -> str:
    colour = "green" if verdict.startswith("holds") else "red" if verdict.startswith("false") else "orange"
    return f":{colour}-badge[{verdict}]"


def entry(erratum) -> str:
    how = "computed here" if erratum.computed else erratum.evidence
    return (
        f"**{erratum.id}** · {erratum.where} :gray-badge[{how}]  \n"
        f":small[Printed:] {literal(erratum.printed)}  \n"
        f":small[Correct:] {literal(erratum.correct)}  \n"
        f"**{literal(erratum.shows)}**"
    )


def literal(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for sign in "\\*_[]|~<>$":
        text = text.replace(sign, f"\\{sign}")
    return text


show_page(page)
