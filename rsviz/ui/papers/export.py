"""What a person takes home of the Papers page: the table that is shown, the command, BibTeX."""

import json

import pandas as pd
import streamlit as st

from rsviz.reference.citations import PAPERS
from rsviz.reference.papers import Row
from rsviz.ui.export import Export, File, take_home

PYTHON = """from rsviz.reference.papers import rows

table = [row.record() for row in rows().values()]
"""


def show_export(shown: list[Row]) -> None:
    """The panel. shown: the rows of the table."""
    take_home("how to cite, CSV, JSON, command", lambda: _export(shown))


def _export(shown) -> Export:
    records = [row.record() for row in shown]
    files = [
        File("CSV", "rsviz-papers.csv", lambda: pd.DataFrame(records).to_csv(index=False)),
        File("JSON", "rsviz-papers.json", lambda: json.dumps(records, indent=2, ensure_ascii=False)),
    ]
    cites = PAPERS if st.session_state["paper"] == "all" else [st.session_state["paper"]]
    command = "python -m rsviz papers list --json"
    return Export(files, [command], gives="prints the whole table", python=PYTHON, cites=cites)
