"""The Noise page in Streamlit's own test runner: views, rules, links, refusals."""

import functools
import io
import re

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from rsviz.bounds import BOUNDS
from rsviz.noise import NOISES
from rsviz.noise_size import Comparison, EqualRadius, unit_draw
from rsviz.norms import NORMS
from rsviz.tasks.image import store_upload
from rsviz.ui.noise.address import PRESETS
from rsviz.ui.noise.controls import SHAPES
from rsviz.ui.noise.export import python_lines
from rsviz.ui.noise.view import VIEWS

CHARTS = {"density": len(NOISES), "pixel": 1, "growth": 2, "radius": 1, "numbers": 0}


@pytest.fixture(autouse=True)
def clear_caches():
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_noise(open_page):
    return functools.partial(open_page, "noise")


def words(app):
    return " ".join(
        element.value for kind in ("markdown", "caption", "info", "error") for element in app.get(kind)
    )


def well(app):
    return not app.exception and not app.error


def deviations(app):
    """What a pixel varies by under each picture, by the mechanism's title."""
    found = re.findall(
        r"\*\*([^*]+)\*\*  \n:small\[.*?\]  \n:small\[a pixel varies by ([\d.,]+)\]", words(app)
    )
    return {title: float(value.replace(",", "")) for title, value in found}


def test_page_opens_on_one_image_under_every_mechanism_at_equal_deviation(open_noise):
    app = open_noise()
    assert well(app)
    assert deviations(app) == {noise.title: 0.25 for noise in NOISES.values()}
    assert len(app.get("image")) == 1 + len(NOISES)
    assert len(app.get("vega_lite_chart")) == len(NOISES)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ({}, "28×28: d = 784"),
        ({"n_sample": "cat"}, "64×64 in colour: d = 12,288"),
        ({"n_index": "3"}, "8×8: d = 64"),  # a link from before there were samples
        ({"n_dev": "0.3", "n_from": "sample"}, "28×28: d = 784"),
    ],
)
def test_a_link_shows_the_picture_that_it_means(open_noise, query, size):
    app = open_noise(**query)
    assert well(app)
    assert size in words(app)
    app.slider(key="n_dev").set_value(0.5).run()
    assert size in words(open_noise(**{key: app.query_params[key] for key in app.query_params}))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("rule", "norm"), [("deviation", "linf"), ("scale", "linf"), *(("radius", norm) for norm in NORMS)]
)
def test_every_view_draws_under_every_rule(open_noise, view, rule, norm):
    app = open_noise(n_view=view, n_rule=rule, n_norm=norm)
    assert well(app)
    assert len(app.get("vega_lite_chart")) == CHARTS[view]


def test_equal_radius_shows_what_each_mechanism_takes(open_noise):
    app = open_noise(n_rule="radius", n_shape="mnist", n_rinf="2.0", n_pa="0.9", n_share="0.5")
    rule = EqualRadius(2 / 255, "linf", 0.9, 0.05)
    for key, noise in NOISES.items():
        wanted = rule.noise(key, 784).deviation(784)
        assert deviations(app)[noise.title] == pytest.approx(wanted, rel=5e-3)
    assert "By tight bounds, so that no less will do: Gaussian" in words(app)


def test_numbers_of_the_presets_are_those_that_the_page_computes():
    for name, dim in (("mnist", 784), ("imagenet", 150_528)):
        says = PRESETS.table[name].says
        assert SHAPES[PRESETS.table[name].values["n_shape"]] is not None
        for key in ("gaussian", "linf-exponential"):
            value = EqualRadius(1 / 255, "linf", 0.99, 0.01).noise(key, dim).deviation(dim)
            digits = "0.047" if value < 0.1 else f"{value:.2f}" if value < 1 else f"{value:.0f}"
            assert float(digits) == pytest.approx(value, rel=0.02)
            assert digits in says


def test_numbers_view_gives_radii_that_bounds_give(open_noise):
    table = open_noise(n_view="numbers", n_dev="0.5").table[0].value
    radius = float(BOUNDS["cohen-l2"].radius(0.99, 0.01, scale=0.5))
    assert table.loc["radius in ℓ₂", "Gaussian"] == f"**{np.floor(radius * 1000) / 1000:.4g}**"
    assert list(table.columns) == [noise.title for noise in NOISES.values()]


def test_slopes_are_told_only_where_the_theorems_hold_the_noise(open_noise):
    assert "slopes only" in words(open_noise(n_view="radius"))
    assert "slopes only" not in words(open_noise(n_view="radius", n_hold="deviation"))


@pytest.mark.parametrize("name", PRESETS.table)
def test_every_preset_opens_as_a_link_and_keeps_the_image(open_noise, name):
    values = {key: str(value) for key, value in PRESETS.table[name].values.items()}
    app = open_noise(n_index="7", **values)
    assert well(app)
    assert app.session_state["n_index"] == 7
    assert {key: str(app.session_state[key]) for key in values} == values


def test_an_upload_is_shown_at_the_size_that_is_asked_for(open_noise):
    file = io.BytesIO()
    colours = np.random.default_rng(0).integers(0, 255, (50, 80, 3), dtype=np.uint8)
    Image.fromarray(colours).save(file, "PNG")
    digest = store_upload(file.getvalue())
    app = open_noise(n_from="upload", n_image=digest, n_shape="cifar10")
    assert well(app) and not app.info
    assert "32×32 in colour: d = 3,072" in words(app)


def test_without_an_upload_a_digit_stands_in_and_the_page_says_so(open_noise):
    for query in ({}, {"n_image": "0" * 64}):
        app = open_noise(n_from="upload", **query)
        assert well(app)
        assert "digit stands here" in app.info[0].value
        assert "d = 64" in words(app)


def test_a_file_that_is_no_image_is_refused_in_one_sentence(open_noise):
    app = open_noise(n_from="upload")
    app.file_uploader(key="n_file").upload("notes.png", b"no image at all", "image/png").run()
    assert not app.exception
    assert len(app.error) == 1 and app.error[0].value.endswith(".")
    assert "digit stands here" in app.info[0].value


@pytest.mark.parametrize(
    "query",
    [
        {"n_rule": "no such rule", "n_view": "nowhere", "n_norm": "l7"},
        {"n_dev": "nan", "n_scale": "-1", "n_pa": "2", "n_size": "inf"},
        {"n_index": "59999", "n_seed": "-3", "n_image": "../../etc/passwd", "n_shape": "9x9"},
        {"n_rule": "radius", "n_pa": "0.51", "n_share": "1"},
        {"n_rule": "radius", "n_norm": "l1", "n_r1": "4", "n_shape": "imagenet", "n_view": "pixel"},
    ],
)
def test_no_link_breaks_the_page(open_noise, query):
    app = open_noise(**query)
    assert well(app)
    assert len(deviations(app)) == len(NOISES)


def test_a_test_image_that_is_not_there_is_said_to_be_none(open_noise):
    app = open_noise(n_index="5000")
    assert [found.value for found in app.warning] == ["The link names test image 5000; digits has 0 to 499."]
    assert app.number_input(key="n_index").value == 0


def test_the_same_seed_draws_the_same_and_a_scale_moves_the_same_draw():
    one = unit_draw("laplace", (1, 8, 8), 3)
    unit_draw.cache_clear()
    assert np.array_equal(one, unit_draw("laplace", (1, 8, 8), 3))
    assert not np.array_equal(one, unit_draw("laplace", (1, 8, 8), 4))


@pytest.mark.parametrize("view", VIEWS)
def test_the_python_lines_of_a_view_compute_its_table(open_noise, view):
    app = open_noise(n_view=view)
    app.session_state["take_home"] = True
    app.run()
    assert not app.exception
    room = {}
    exec(app.code[0].value, room)
    made = {
        "density": "points",
        "pixel": "densities",
        "growth": "means",
        "radius": "radii",
        "numbers": "numbers",
    }
    assert len(room[made[view]])


def test_the_python_lines_draw_the_noise_of_the_picture(capsys):
    rule = EqualRadius(1 / 255, "linf", 0.99, 0.01)
    compared = Comparison(rule, np.zeros((1, 8, 8), np.float32), 3, 0.99, 0.01)
    exec(python_lines(compared), {})
    printed = capsys.readouterr().out.splitlines()
    for line, key in zip(printed, NOISES, strict=True):
        draw = rule.noise(key, 64).scale * unit_draw(key, (1, 8, 8), 3)
        assert float(line.split()[-1]) == pytest.approx(float(np.abs(draw).max()), rel=1e-5)
