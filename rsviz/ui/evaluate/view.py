"""The result of the Evaluate page: headline, curves and table."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import streamlit as st

from rsviz import data
from rsviz.errors import RsvizError
from rsviz.evaluation import accuracy_steps, envelope, false_certificates
from rsviz.figures import evaluation as figures
from rsviz.norms import NORMS
from rsviz.reference.published import PrintedCurve
from rsviz.tasks.evaluate.series import comparable, distinct_names, radii_for, table
from rsviz.ui import published as papers
from rsviz.ui.evaluate import sources
from rsviz.ui.evaluate.controls import BANDS, PICTURE, SHOWN, Reading, belongs
from rsviz.ui.evaluate.export import show_export
from rsviz.ui.evaluate.sources import Source
from rsviz.ui.glossary import explain

POINTS = 400
"""Points of a curve on the screen."""


def gather(keys: Iterable[str], reading: Reading) -> dict[str, Source]:
    """The sources with these keys, by unique names. A warning says which ones are left out, and why.

    All have the norm of the first one, and the data set of the first one whose data set is known.
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
    known = [source.series.dataset for source in found if source.series.dataset is not None]
    dataset = known[0] if known else None
    kept, others = [], []
    for source in found:
        fits = source.series.norm == norm and source.series.dataset in (None, dataset)
        (kept if fits else others).append(source)
    if others:
        left_out = ", ".join(source.series.name for source in others)
        of = f" {data.title(dataset)}" if dataset else ""
        st.warning(
            f"{left_out}: not certified in {NORMS[norm].symbol}{' on' * bool(of)}{of}, so not in this "
            "picture, which has one data set and one norm.",
            icon=":material/square_foot:",
        )
    found = kept
    headers = [source.votes.header if source.votes is not None else None for source in found]
    names = distinct_names([source.series for source in found], headers)
    return dict(zip(names, found, strict=True))


def show(found: dict[str, Source], reading: Reading) -> None:
    """Headline, curves and table of the sources, and of the printed curves beside them."""
    if st.session_state["e_show"] == SHOWN and _none_fits(found, reading):
        shipped = data.title(next(iter(found.values())).series.dataset)
        st.info(
            f"The shipped curves are of {shipped} and the published numbers of {reading.papers[0].dataset}, "
            "so the picture has those alone.",
            icon=":material/square_foot:",
        )
        found = {}
    printed = _fitting(found, reading)
    if not found and not printed:
        st.info("Choose a curve below, or certify a test set.", icon=":material/show_chart:")
        return
    norm = next((source.series.norm for source in found.values()), None) or printed[0].table.norm
    if found:
        _headline(found, reading, norm)
    else:
        st.header(f"Published numbers on {printed[0].dataset}", anchor=False)
    curves = _curves(found, reading) | {
        one.title: {"kind": "paper"}
        | dict(zip(("radius", "accuracy"), papers.columns(one).values(), strict=True))
        for one in printed
    }
    chart = pa.table(figures.curve_columns(curves))
    words = f"Certified accuracy against {norm} radius, {len(curves)} curves"
    st.vega_lite_chart(chart, figures.curve_spec(curves, norm, reading.at), alt=words)
    with st.container(key="details"):
        st.caption(_about(found, reading, printed), help=explain("alpha", "population"))
        series = {name: source.series for name, source in found.items()}
        radii = radii_for(list(series.values()), printed=printed)
        st.markdown(table(series, radii, printed).markdown())
        show_export(found, reading, printed)


def _none_fits(found, reading) -> bool:
    """Whether printed curves are chosen, and none of them is of the data set of the curves."""
    titles = {data.title(source.series.dataset) for source in found.values() if source.series.dataset}
    return bool(found and reading.papers) and not titles & {curve.dataset for curve in reading.papers}


def _fitting(found, reading) -> list[PrintedCurve]:
    """The chosen printed curves of the picture's data set and norm; a warning names the others."""
    norm = next((source.series.norm for source in found.values()), None)
    known = [source.series.dataset for source in found.values() if source.series.dataset]
    dataset = data.title(known[0]) if known else None
    if not found and reading.papers:
        dataset, norm = reading.papers[0].dataset, reading.papers[0].table.norm
    st.session_state[PICTURE] = (dataset, norm)
    others = [curve for curve in reading.papers if not belongs(curve)]
    if others:
        words = ", ".join(f"{curve.title} on {curve.dataset}" for curve in others)
        st.warning(
            f"{words}: of another data set or norm than the curves, so not in this picture. Take those "
            "curves out to see published numbers alone.",
            icon=":material/square_foot:",
        )
    return [curve for curve in reading.papers if belongs(curve)]


def _headline(found, reading, norm):
    same = comparable({name: source.series for name, source in found.items()})
    shares = {name: float(found[name].series.accuracy(reading.at)) for name in same}
    best = max(shares, key=shares.get)
    percent = f"{np.floor(1000 * shares[best]) / 10:g} %"
    within = f"within {NORMS[norm].symbol} radius {reading.at:g}"
    st.header(
        f"{percent} of the images: right, and proved {within}",
        anchor=False,
        help=explain("certified accuracy", "norm", "radius"),
    )
    among = f", the best of the {len(same)} curves of these images" if len(same) > 1 else ""
    one = found[best].series
    st.markdown(
        f"**{best}**{among}, on {len(one):,} images: for this share of them the smoothed classifier is "
        "right, and no smaller change of the image alters its answer. Average certified radius "
        f"{np.floor(1e3 * one.acr) / 1e3:g}.",
        help=explain("smoothed classifier", "ACR"),
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


def false_words(images: int, alpha: float) -> str:
    """How many certificates may be false, in a sentence. images: certificates. alpha: of each."""
    false = false_certificates(images, alpha)
    if images == 1:
        return "There is one certificate."
    if false == 0:
        return f"With probability 95 %, none of the {images:,} certificates is false."
    return (
        f"With probability 95 %, at most {false:,} of the {images:,} certificates "
        f"{'is' if false == 1 else 'are'} false."
    )


def _about(found, reading, printed) -> str:
    words = [source.series.note for source in found.values() if source.series.note]
    votes = [source for source in found.values() if source.votes is not None]
    if votes:
        used = sorted({source.series.proved.procedure for source in votes})
        most = max(len(source.series) for source in votes)
        words.append(
            f"Each certificate holds with confidence {100 * (1 - reading.alpha):g} % ({', '.join(used)}). "
            f"{false_words(most, reading.alpha)}"
        )
    if len(votes) < len(found):
        words.append("A log is drawn as it says.")
    others = len(found) - len(comparable({name: source.series for name, source in found.items()}))
    if others:
        curves = "1 curve is" if others == 1 else f"{others} curves are"
        words.append(f"{curves} of other images than the first one, so not ranked against it.")
    if reading.band != "none" and found:
        words.append(
            f"Shaded: 95 % limits on the share in the population, {BANDS[reading.band]}, if the images are "
            "independent draws from it."
        )
    if printed:
        words.append(
            "Diamonds: numbers printed in papers, for other networks and other images, so not ranked; broken "
            "lines only join them."
        )
    return " ".join(words)
