"""The export panel of the Evaluate page: the table, rows, logs and commands."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from rsviz.evaluation import write_log
from rsviz.reference.published import PrintedCurve
from rsviz.tasks.evaluate import EvaluationSeries, summary
from rsviz.tasks.evaluate.series import radii_for, table
from rsviz.tasks.spellings import command_line
from rsviz.ui.evaluate.controls import Reading
from rsviz.ui.evaluate.sources import Source
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.widgets import segmented_control

LANGUAGES = {"Markdown": "markdown", "LaTeX": "latex", "CSV": None}
"""Highlighting of a table by its format."""


def show_export(found: Mapping[str, Source], reading: Reading, printed: Sequence[PrintedCurve] = ()) -> None:
    """The panel for the curves of the picture. printed: the published ones among them."""
    series = {name: source.series for name, source in found.items()}
    accuracy = table(series, radii_for(list(series.values()), printed=printed), printed)
    name = _file_name(series, printed)

    def above():
        kind = segmented_control(
            "Table as", list(LANGUAGES), default="Markdown", required=True, key="e_table"
        )
        text = {"Markdown": accuracy.markdown, "LaTeX": accuracy.latex, "CSV": accuracy.csv}[kind]()
        st.code(text, language=LANGUAGES[kind])

    def export():
        commands = [_command(source, reading.bound) for source in found.values() if source.votes is not None]
        logs = [File(f"Log, {name}", f"{one.name}.tsv", partial(_log, one)) for name, one in series.items()]
        tables = [
            File("Table, CSV", f"{name}.csv", accuracy.csv),
            File("Table, LaTeX", f"{name}.tex", accuracy.latex),
            File("Table, Markdown", f"{name}.md", accuracy.markdown),
        ]
        rows = [File("Rows, CSV", f"{name}-rows.csv", lambda: _rows(series))] if series else []
        return Export(
            [*tables, *rows, File("JSON", f"{name}.json", lambda: _json(found, printed)), *logs],
            commands=commands,
            gives="certifies the same images" if commands else "",
            cites=("cohen", *(one.table.paper for one in printed)),
        )

    take_home("table, rows, logs, command", export, above=above)


def _command(source: Source, bound: str | None) -> str:
    """The shell command that draws the same votes and reads them in the same way."""
    proved = source.series.proved
    request = source.votes.header.request.read_with(proved.alpha, proved.procedure)
    return command_line(request, *(("--bound", bound) if bound in proved.radii else ()))


def _rows(series: Mapping[str, EvaluationSeries]) -> str:
    return pd.concat([one.rows() for one in series.values()]).to_csv(index=False)


def _file_name(series: Mapping[str, EvaluationSeries], printed) -> str:
    """Of the files of this picture: its data set and norm."""
    norms = [*(one.norm for one in series.values()), *(one.table.norm for one in printed)]
    datasets = [*(one.dataset for one in series.values() if one.dataset), *(one.dataset for one in printed)]
    return "-".join(["certified-accuracy", *(word.lower() for word in [*datasets[:1], *norms[:1]])])


def _json(found: Mapping[str, Source], printed: Sequence[PrintedCurve]) -> str:
    rows = {
        one.title: {
            "published": True,
            "source": one.table.place,
            "bibtex": one.table.citation,
            "radii": [result.radius for result in one.results],
            "certified_accuracy": [result.value for result in one.results],
        }
        for one in printed
    }
    for name, source in found.items():
        one = source.series
        if source.votes is not None:
            rows[name] = summary(source.votes, one.proved).to_json()
        else:
            at = radii_for([one])
            rows[name] = {"radii": at, "certified_accuracy": one.accuracy(at).tolist(), "acr": one.acr}
    return json.dumps(rows, indent=1)


def _log(one: EvaluationSeries) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.tsv"
        frame = one.rows()[["idx", "label", "predict", "radius"]]
        seconds = one.proved.seconds if one.proved is not None else np.zeros(len(frame))
        write_log(frame.assign(time=np.round(seconds, 6)), path)
        return path.read_bytes()
