"""The images by outcome: a sheet to click, and details of one image."""

import functools

import numpy as np
import pyarrow as pa
import streamlit as st

from rsviz import data
from rsviz.bounds import round_down
from rsviz.data.images import data_uri
from rsviz.errors import RsvizError
from rsviz.evaluation import OUTCOMES, outcomes
from rsviz.figures import evaluation as figures
from rsviz.norms import NORMS
from rsviz.tasks.certify import limits_in_words
from rsviz.ui.evaluate.controls import Reading
from rsviz.ui.evaluate.sources import Source, load, title
from rsviz.ui.pictures import picture
from rsviz.ui.widgets import number_input, segmented_control, selectbox

MOST = 1000
"""Images on one sheet."""
CHART = "e_sheet_{}"
SCROLLS = "<style>.st-key-e_sheet {overflow-x: auto}</style>"


def gallery(keys, reading: Reading) -> None:
    """Draw the expander below the picture. It reads images only while it is open."""
    box = st.expander(
        "Which images: certified, not so far, wrong, abstained",
        icon=":material/grid_view:",
        key="e_gallery",
        on_change="rerun",
    )
    if not box.open or not keys:
        return
    with box:
        left, right = st.columns([2, 1])
        with left:
            key = selectbox("Curve", keys, format_func=title, key="e_g_series")
        try:
            source = load(key, reading.alpha, reading.procedure, reading.bound)
        except RsvizError as error:
            st.warning(str(error), icon=":material/link_off:")
            return
        with right:
            name = _dataset(source)
        if name is None:
            return
        _sheet(source, name, reading)


def _dataset(source: Source) -> str | None:
    """Key of the dataset of these images; for a log, a person has to choose it."""
    if source.series.dataset in data.DATASETS and data.available(source.series.dataset):
        st.caption(f"Images of {data.DATASETS[source.series.dataset].title}")
        return source.series.dataset
    last = int(source.series.idx.max(initial=0))
    fitting = [
        key for key, info in data.DATASETS.items() if info.sizes["test"] > last and data.available(key)
    ]
    if not fitting:
        st.info(f"No data set on this machine has a test image {last}.", icon=":material/info:")
        return None
    return selectbox("Images of", fitting, format_func=lambda key: data.DATASETS[key].title, key="e_g_data")


def _sheet(source: Source, dataset: str, reading: Reading):
    series = source.series
    became = outcomes(series.predict, series.label, series.radius, reading.at)
    counts = {word: int((became == word).sum()) for word in OUTCOMES}
    wanted = segmented_control(
        f"At {NORMS[series.norm].symbol} radius {reading.at:g}",
        OUTCOMES,
        selection_mode="multi",
        default=OUTCOMES,
        format_func=lambda word: f"{_dot(word)} {counts[word]:,} {word}",
        key="e_g_outcomes",
    )
    order = segmented_control(
        "Order", ["by radius", "by number"], default="by radius", required=True, key="e_g_order"
    )
    rows = np.flatnonzero(np.isin(became, wanted))
    if order == "by radius":
        reached = np.where(series.correct, series.radius, -1.0)
        rows = rows[np.argsort(reached[rows], kind="stable")]
    if not len(rows):
        st.caption("No image is like that.")
        return
    rows = _page(rows)
    try:
        uri, classes = _sheet_uri(dataset, tuple(series.idx[rows].tolist()))
    except RsvizError as error:
        st.warning(str(error), icon=":material/image_not_supported:")
        return
    chart = CHART.format(f"{source.key}_{dataset}")
    picked = _picked(chart, rows)
    words = [_words(series, row, classes) for row in rows]
    columns = figures.sheet_columns(rows, words, became[rows])
    if picked is None:
        st.caption("Click an image.")
    else:
        _closer(source, dataset, picked, became[picked], classes)
    st.html(SCROLLS)
    with st.container(key="e_sheet"):
        st.vega_lite_chart(
            pa.table(columns),
            figures.sheet_spec(len(rows), uri),
            key=chart,
            on_select="rerun",
            selection_mode="pick",
            width="content",
            alt=f"{len(rows)} images, each framed in the colour of what became of it",
        )


def _dot(word) -> str:
    names = dict(zip(OUTCOMES, ("green", "blue", "orange", "gray"), strict=True))
    return f":{names[word]}[■]"


def _page(rows):
    pages = -(-len(rows) // MOST)
    if pages == 1:
        return rows
    page = number_input(f"Sheet of {MOST:,} images, 1 to {pages}", 1, pages, key="e_g_page")
    return rows[(page - 1) * MOST : page * MOST]


def _picked(chart, rows):
    """The clicked row, if it is on the sheet."""
    picks = (st.session_state.get(chart) or {}).get("selection", {}).get("pick") or []
    row = picks[0].get("row") if picks else None
    return int(row) if row is not None and row in rows else None


@functools.lru_cache(maxsize=32)
def _sheet_uri(dataset, indices):
    loaded = data.load(dataset)
    if max(indices) >= len(loaded):
        raise RsvizError(f"{dataset} has no test image {max(indices)}; are these other images?")
    return data_uri(figures.sheet_png(loaded.pixels(list(indices)))), tuple(loaded.classes)


def _words(series, row, classes) -> str:
    predicted = series.predict[row]
    said = "abstained" if predicted < 0 else _class(classes, predicted)
    return f"image {series.idx[row]}: {said}, radius {_radius(series, row)}"


def _radius(series, row) -> str:
    return f"{round_down(float(series.radius[row])):g}"


def _class(classes, number) -> str:
    return str(classes[number]) if number < len(classes) else str(number)


def _closer(source: Source, dataset, row, outcome, classes):
    """The clicked image: its result, and links to Certify and Attack."""
    series, index = source.series, int(source.series.idx[row])
    left, right = st.columns([1, 2])
    with left:
        picture(data.load(dataset).image(index), alt=f"Test image {index}", size=200)
    with right:
        said = "abstains" if series.predict[row] < 0 else f"says {_class(classes, series.predict[row])}"
        st.markdown(
            f"**Image {index}: {outcome}.** Label {_class(classes, series.label[row])}; the smoothed "
            f"classifier {said}; {NORMS[series.norm].symbol} radius {_radius(series, row)}."
        )
        if series.proved is None:
            return
        lower, upper = limits_in_words(series.proved.p_a_lower[row], series.proved.p_b_upper[row])
        st.markdown(f"p_A is at least {lower}, p_B at most {upper}.")
        request = source.votes.header.request
        query = {
            "checkpoint": request.checkpoint,
            "noise": request.noise,
            "scale": request.scale,
            "index": index,
        }
        with st.container(horizontal=True):
            st.page_link(
                "pages/certify.py", label="Certify it", icon=":material/verified:", query_params=query
            )
            st.page_link("pages/attack.py", label="Attack it", icon=":material/bolt:", query_params=query)
