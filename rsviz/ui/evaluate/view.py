"""The result of the Evaluate page: headline, curves and table."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import streamlit as st

from rsviz.errors import RsvizError
from rsviz.evaluation import accuracy_steps, envelope, false_certificates
from rsviz.figures import evaluation as figures
from rsviz.jobs import Job
from rsviz.norms import NORMS
from rsviz.reference import published
from rsviz.tasks.evaluate.series import distinct_names, radii_for, table
from rsviz.ui import published as papers
from rsviz.ui.evaluate import sources
from rsviz.ui.evaluate.controls import BANDS, Reading
from rsviz.ui.evaluate.export import show_export
from rsviz.ui.evaluate.sources import Source

POINTS = 400
"""Points of a curve on the screen."""


def progress(job: Job) -> tuple[float, str]:
    """Share of the votes that an unfinished job has, and words."""
    drawn, total = ((job.progress or {}).get(key, 0) for key in ("votes", "total"))
    if not total:
        return 0.0, "The network is being loaded …"
    return drawn / total, f"{drawn:,} of {total:,} votes"


def gather(keys: Iterable[str], reading: Reading) -> dict[str, Source]:
    """The sources with these keys, by unique names. A warning says which ones are left out, and why.

    All have the norm of the first one.
    """
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


def show(found: dict[str, Source], reading: Reading) -> None:
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
        show_export(found, reading)


def _headline(found, reading, norm):
    shares = {name: float(source.series.accuracy(reading.at)) for name, source in found.items()}
    best = max(shares, key=shares.get)
    percent = f"{np.floor(1000 * shares[best]) / 10:g} %"
    within = f"within {NORMS[norm].symbol} radius {reading.at:g}"
    st.header(f"{percent} of the images: right, and proved {within}", anchor=False)
    among = f", the best of {len(found)} curves" if len(found) > 1 else ""
    one = found[best].series
    st.markdown(
        f"**{best}**{among}, on {len(one):,} images: for this share of them the smoothed classifier is "
        "right, and no smaller change of the image alters its answer. Average certified radius "
        f"{np.floor(1e3 * one.acr) / 1e3:g}."
    )


def _curves(found, reading) -> dict[str, dict]:
    curves = {}
    for name, source in found.items():
        one = source.series
        radius, accuracy = accuracy_steps(one.radius, one.correct, POINTS)
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
    """The curve with one more point: beyond the largest radius nothing is certified."""
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
            f"Each certificate holds with confidence {100 * (1 - reading.alpha):g} % ({', '.join(used)}). "
            f"With probability 95 %, at most {false_certificates(most, reading.alpha)} of {most:,} "
            "certificates are false."
        )
    if len(votes) < len(found):
        words.append("A log is drawn as it says; its radii are read as ℓ₂.")
    if reading.band != "none":
        words.append(
            f"Shaded: 95 % limits on the share in the population, {BANDS[reading.band]}, if the images are "
            "independent draws from it."
        )
    if reading.papers:
        words.append("Diamonds: numbers printed in papers, for other networks; broken lines only join them.")
    return " ".join(words)
