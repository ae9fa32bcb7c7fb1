"""Take it home: the panel with what a person may carry away from a page."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import streamlit as st

from rsviz.reference.citations import bibtex, of_bounds
from rsviz.tasks import Request
from rsviz.tasks.spellings import command_line, python_call
from rsviz.ui.session import page_link

KINDS = {
    "bib": "text/plain",
    "csv": "text/csv",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tex": "text/plain",
    "tsv": "text/plain",
}
"""MIME types by the suffix of a file."""


@dataclass(frozen=True)
class File:
    """A file to download. name: with a suffix of KINDS. content: makes it when somebody asks for it."""

    label: str
    name: str
    content: Callable[[], str | bytes]


@dataclass(frozen=True)
class Export:
    """What the panel holds. files: to download. commands: shell commands, and `gives` what they give.

    python: lines for a notebook. cites: papers to cite besides rsviz, keys of rsviz.reference.citations.
    """

    files: Iterable[File] = ()
    commands: Iterable[str] = ()
    gives: str = ""
    python: str = ""
    cites: Iterable[str] = ()


def take_home(
    contains: str,
    export: Callable[[], Export],
    *,
    above: Callable[[], None] = lambda: None,
    below: Callable[[], None] = lambda: None,
) -> None:
    """The panel: downloads, command, Python lines and the address of the page.

    contains: what is in it besides the link, in words. above, below: draw what only one page has. Nothing is
    computed before somebody opens the panel.
    """
    words = f"Take it home: {contains} and link"
    home = st.expander(words, icon=":material/download:", key="take_home", on_change="rerun")
    if not home.open:
        return
    with home:
        above()
        draw(export())
        below()


def show_record(
    name: str,
    record: Mapping,
    request: Callable[[], Request],
    gives: str,
    csv: Callable[[], str],
    png: Callable[[], bytes],
    table: Callable[[], None],
) -> None:
    """The panel of the result for one image: JSON, CSV, a slide as PNG, command, Python, every bound.

    name: of the files, without suffix. record: plain values; the bounds of its `radii` are cited.
    request: makes the one that repeats the result; gives: what its command does, in words. table: draws the
    bounds.
    """

    def export():
        repeated = request()
        command = command_line(repeated, "--json")
        files = [
            File("JSON", f"{name}.json", lambda: json.dumps({**record, "command": command}, indent=2)),
            File("CSV", f"{name}.csv", csv),
            File("PNG", f"{name}.png", png),
        ]
        cites = of_bounds(record.get("radii") or ())
        return Export(files, [command], gives=gives, python=python_call(repeated), cites=cites)

    def below():
        table()
        st.markdown("**All numbers**")
        st.json(record, expanded=1)

    take_home("every bound, JSON, CSV, PNG, command", export, below=below)


def draw(export: Export) -> None:
    """The parts of an export, one below the other, and the address of the page."""
    with st.container(horizontal=True):
        for file in export.files:
            download(file)
    if export.gives:
        st.markdown(f"**The command that {export.gives}**")
    for command in export.commands:
        st.code(command, language="shell", wrap_lines=True)
    if export.python:
        st.markdown("**Python lines that compute the same**")
        st.code(export.python, language="python")
    st.markdown("**The link to this page**, with all that is set on it")
    st.code(page_link(), language=None, wrap_lines=True)
    how_to_cite(export.cites)


def how_to_cite(papers: Iterable[str]) -> None:
    """BibTeX of rsviz and of papers, to copy or to download. papers: keys of rsviz.reference.citations."""
    papers = list(dict.fromkeys(papers))
    st.markdown("**How to cite** rsviz" + " and the papers whose methods and numbers this is" * bool(papers))
    st.code(bibtex(papers), language=None)
    download(File("BibTeX", "rsviz.bib", lambda: bibtex(papers)))


def download(file: File) -> None:
    """A button that downloads one file."""
    st.download_button(
        file.label,
        file.content,
        file.name,
        KINDS[file.name.rpartition(".")[2]],
        icon=":material/download:",
        on_click="ignore",
        key=f"download-{file.label}-{file.name}",
    )
