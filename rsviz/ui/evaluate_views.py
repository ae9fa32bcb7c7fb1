"""The result of the Evaluate page: headline, curves, table, and what may be taken home."""

import json
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from rsviz.errors import RsvizError
from rsviz.evaluation import envelope, false_certificates, steps, summary, write_log
from rsviz.evaluation.series import command_line, distinct_names, radii_for, table
from rsviz.figures import evaluation as figures
from rsviz.norms import NORMS
from rsviz.reference import published
from rsviz.ui import evaluate_sources as sources
from rsviz.ui import published as papers
from rsviz.ui.evaluate import BANDS, Reading
from rsviz.ui.export import Export, File, take_home

POINTS = 400
"""Of one curve on the screen."""


def progress(job) -> tuple[float, str]:
    """How far an unfinished job is: its share of the votes, and words."""
    drawn, total = ((job.progress or {}).get(key, 0) for key in ("votes", "total"))
    return drawn / max(
        total, 1
    ), f"{drawn:,} of {total:,} votes" if total else "The network is being loaded …"


def gather(keys, reading: Reading) -> dict[str, sources.Source]:
    """The sources by a name of their own; what cannot be shown is said. All are of the norm of the first."""
    found = []
    for key in keys:
        try:
            found.append(sources.load(key, reading.alpha, reading.procedure, reading.bound))
        except RsvizError as error:
            st.warning(str(error), icon=":material/link_off:")
    if not found:
        return {}
    norm = found[0].series.norm
    others = [source.series.name for source in found if source.series.norm != norm]
    if others:
        st.warning(
            f"{', '.join(others)}: not certified in {NORMS[norm].symbol}, so not in this picture.",
            icon=":material/square_foot:",
        )
    found = [source for source in found if source.series.norm == norm]
    headers = [source.votes.header if source.votes is not None else None for source in found]
    names = distinct_names([source.series for source in found], headers)
    return dict(zip(names, found, strict=True))


def show(found: dict[str, sources.Source], reading: Reading) -> None:
    """Headline, curves and table of the sources."""
    if not found:
        st.info("Choose a curve below, or certify a test set.", icon=":material/show_chart:")
        return
    norm = next(iter(found.values())).series.norm
    _headline(found, reading, norm)
    curves = _curves(found, reading) | _paper_curves(reading, norm)
    chart = pa.table(figures.curve_columns(curves))
    words = f"Certified accuracy against {norm} radius, {len(curves)} curves"
    st.vega_lite_chart(chart, figures.curve_spec(curves, norm, reading.at), alt=words)
    with st.container(key="details"):
        st.caption(_about(found, reading))
        series = {name: source.series for name, source in found.items()}
        st.markdown(table(series, radii_for(list(series.values()))).markdown())
        _take_home(found, reading)


def _headline(found, reading, norm):
    shares = {name: float(source.series.accuracy(reading.at)) for name, source in found.items()}
    best = max(shares, key=shares.get)
    percent = f"{np.floor(1000 * shares[best]) / 10:g} %"
    within = f"within {NORMS[norm].symbol} radius {reading.at:g}"
    st.header(f"{percent} of the images: right, and proved {within}", anchor=False)
    among = f", the most of {len(found)}" if len(found) > 1 else ""
    one = found[best].series
    st.markdown(
        f"**{best}**{among}, on {len(one):,} images: for that share of them, no change below that size "
        "alters the right answer of the smoothed classifier. Average certified radius "
        f"{np.floor(1e3 * one.acr) / 1e3:g}."
    )


def _curves(found, reading) -> dict[str, dict]:
    curves = {}
    for name, source in found.items():
        one = source.series
        radius, accuracy = steps(one.radius, one.correct, POINTS)
        finite = np.isfinite(radius)
        radius, accuracy = radius[finite], accuracy[finite]
        curve = {"kind": "ours", "radius": radius, "accuracy": accuracy}
        if reading.band != "none":
            curve["low"], curve["high"] = one.band(radius, reading.band)
        curves[name] = _down_to_zero(curve)
    if reading.envelope and len(found) > 1:
        at = np.unique(np.concatenate([curve["radius"] for curve in curves.values()]))
        best, _ = envelope([source.series.accuracy(at) for source in found.values()])
        curves[figures.ENVELOPE] = {"kind": "envelope", "radius": at, "accuracy": best}
    return curves


def _down_to_zero(curve) -> dict:
    """With a last point: beyond the largest radius nothing is certified."""
    beyond = float(np.nextafter(curve["radius"][-1], np.inf))
    ends = {"radius": beyond, "accuracy": 0.0, "low": 0.0, "high": 0.0}
    return {key: np.append(values, ends[key]) if key in ends else values for key, values in curve.items()}


def _paper_curves(reading, norm) -> dict[str, dict]:
    tables = {one.key: one for one in published.published()}
    curves = {}
    for key in reading.papers:
        if tables[key[0]].norm != norm:
            st.warning(f"{papers.title(key)}: in another norm, so not in this picture.")
            continue
        numbers = papers.columns(key, published.CERTIFIED)
        curves[papers.title(key)] = {
            "kind": "paper",
            "radius": numbers["radius"],
            "accuracy": numbers["value"],
        }
    return curves


def _about(found, reading) -> str:
    words = []
    votes = [source for source in found.values() if source.votes is not None]
    if votes:
        used = sorted({source.series.proved.procedure for source in votes})
        most = max(len(source.series) for source in votes)
        words.append(
            f"Each image is certified by itself with confidence {100 * (1 - reading.alpha):g} % "
            f"({', '.join(used)}): of {most:,} certificates at most "
            f"{false_certificates(most, reading.alpha)} are false, but for 5 %."
        )
    if len(votes) < len(found):
        words.append("A log is drawn as it says; its radii are taken for ℓ₂.")
    if reading.band != "none":
        words.append(
            f"Shaded: what the share may be in the population, 95 % {BANDS[reading.band]}, if the images are "
            "independent draws from it."
        )
    if reading.papers:
        words.append("Diamonds: numbers printed in papers, of other networks; broken lines only join them.")
    return " ".join(words)


def _take_home(found, reading):
    series = {name: source.series for name, source in found.items()}

    def above():
        accuracy = table(series, radii_for(list(series.values())))
        kind = st.segmented_control(
            "Table as", ["Markdown", "LaTeX", "CSV"], default="Markdown", required=True, key="e_table"
        )
        text = {"Markdown": accuracy.markdown, "LaTeX": accuracy.latex, "CSV": accuracy.csv}[kind]()
        st.code(text, language="latex" if kind == "LaTeX" else "markdown" if kind == "Markdown" else None)

    def export():
        counted = [source for source in found.values() if source.votes is not None]
        logs = [File(f"Log, {name}", f"{one.name}.tsv", partial(_log, one)) for name, one in series.items()]
        return Export(
            [
                File("Rows, CSV", "certified-accuracy.csv", lambda: _rows(series)),
                File("JSON", "certified-accuracy.json", lambda: _json(found)),
                *logs,
            ],
            commands=[
                command_line(source.votes.header.request, source.series.proved, reading.bound)
                for source in counted
            ],
            gives="certifies the same images" if counted else "",
        )

    take_home("table, rows, logs, command", export, above=above)


def _rows(series) -> str:
    return pd.concat([one.rows() for one in series.values()]).to_csv(index=False)


def _json(found) -> str:
    rows = {}
    for name, source in found.items():
        one = source.series
        if source.votes is not None:
            rows[name] = summary(source.votes, one.proved)
        else:
            at = radii_for([one])
            rows[name] = {"radii": at, "certified_accuracy": one.accuracy(at).tolist(), "acr": one.acr}
    return json.dumps(rows, indent=1)


def _log(one) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.tsv"
        frame = one.rows()[["idx", "label", "predict", "radius"]]
        seconds = one.proved.seconds if one.proved is not None else np.zeros(len(frame))
        write_log(frame.assign(time=np.round(seconds, 6)), path)
        return path.read_bytes()
