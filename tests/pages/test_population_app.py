"""The Population page without a browser: what it opens on, what it asks for, and what it refuses."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rsviz import jobs
from rsviz.distributional import at_budget
from rsviz.jobs.population import run_population
from rsviz.jobs.store import Store
from rsviz.tasks.population import PopulationRequest, shipped_example
from tests.here import finish_here, run_here
from tests.tasks.samples import QUICK

CHECKOUT = Path(__file__).resolve().parents[2]
SMALL = QUICK["population"] | {"scales": [0.25], "images": 12}


@pytest.fixture
def opened(open_page):
    """opened(**query) -> the page."""
    return partial(open_page, "population")


def pressed(app):
    return next(found for found in app.button if found.label == "Certify the population").click().run()


def texts(app):
    return " ".join(found.value for found in [*app.header, *app.markdown, *app.caption])


def finished(**changes):
    return finish_here(run_population, "population", SMALL | changes)


def test_it_opens_on_the_shipped_curves_and_says_what_is_not_proved(opened):
    app = opened()
    assert not app.exception
    curve = next(
        one for one in shipped_example()[1].curves if (one.checkpoint, one.scale) == ("digits-nal-0.25", 0.25)
    )
    (entry,) = at_budget(curve, [0.25])
    assert f"{np.ceil(1000 * entry.certificate) / 1000:g}" in app.header[0].value
    assert "not proved" in app.header[0].value
    assert "Of one image" in texts(app) and "Of the population" in texts(app)
    assert "at ρ = 0 it claims a mean loss of at most \N{MINUS SIGN}79" in texts(app)


def test_another_budget_and_curve_are_looked_at_without_a_job(opened):
    app = opened()
    before = app.header[0].value
    app.number_input(key="p_rho").set_value(0.5).run()
    assert "ρ = 0.5" in app.header[0].value != before
    app.selectbox(key="p_curve").set_value("digits-wrm, no noise (WRM)").run()
    assert not app.exception
    assert "digits-wrm, no noise (WRM)" in texts(app)
    assert "Without noise no radius" in app.info[0].value
    assert not jobs.list_jobs()


def test_pressing_asks_for_what_is_set(opened):
    app = opened()
    app.multiselect(key="checkpoints").set_value(["digits-nal-0.25"])
    app.multiselect(key="scales").set_value([0.5])
    app.number_input(key="images").set_value(7)
    app.text_input(key="gammas").set_value("20, 1, 4.472")
    app.multiselect(key="K").set_value([2, 4])
    app.selectbox(key="loss").set_value("error").run()
    assert "γ > 0.968 (σ = 0.5)" in texts(app)
    app = pressed(app)
    assert not app.exception
    request = PopulationRequest.make(**jobs.get(app.query_params["job"]).request)
    assert (request.checkpoints, request.scales, request.images) == (("digits-nal-0.25",), (0.5,), 7)
    assert request.gammas == (1.0, 4.472, 20.0)
    assert (request.K, request.r, request.loss) == ((2, 4), (4,), "error")


def test_a_finished_job_is_shown_to_another_browser(opened):
    app = opened(job=finished(loss="error"))
    assert not app.exception
    assert "digits-nal-0.25, σ = 0.25" in texts(app) and "12 images" in texts(app)
    app.number_input(key="p_rho").set_value(0.0).run()
    assert app.header[0].value.startswith("Mean loss at most")  # gamma = 8 is proved, and lowest at 0


def test_a_cancelled_job_shows_what_it_has(opened):
    job_id = jobs.submit("population", SMALL | {"scales": [0.0, 0.25]}, session="another")
    run_here(run_population, jobs.get(job_id), until=lambda step: step.progress.get("finished", 0) >= 4)
    jobs.cancel(job_id)
    app = opened(job=job_id)
    assert not app.exception
    assert any("Cancelled" in found.value for found in app.info)
    assert "no noise (WRM)" in texts(app)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checkpoints": []}, "checkpoints"),
        ({"scales": []}, "scales"),
        ({"K": []}, "K"),
        ({"checkpoints": ["digits-nal-0.25", "mnist-cnn-nal-0.25"]}, "same images"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(opened, changes, words):
    app = opened()
    for key, value in changes.items():
        app.multiselect(key=key).set_value(value)
    app = app.run()
    if not app.error:  # what needs the materials is refused when it is asked for
        app = pressed(app)
    assert not app.exception
    assert any(words in found.value for found in app.error)
    assert not jobs.list_jobs()


@pytest.mark.parametrize(
    "query",
    [
        {"p_checkpoints": "no-such,neither"},
        {"p_scales": "77"},
        {"p_images": "-5"},
        {"p_low": "nan"},
        {"p_rho": "1e99"},
        {"p_curve": "no such curve"},
        {"job": "nothing"},
    ],
)
def test_a_link_cannot_set_what_may_not_be(opened, query):
    app = opened(**query)
    assert not app.exception
    said = " ".join(found.value for found in [*app.info, *app.warning, *app.error])
    if {"p_checkpoints", "p_scales"} & set(query):  # they are values of a list, though not of this one
        assert not app.header
        assert "There is no checkpoint" in said or "scales.0 is 77" in said
    else:
        assert app.header


def test_a_job_of_another_kind_is_refused(opened):
    job_id = Store().insert("certify", {}, "a", per_session=9, total=9)
    app = opened(job=job_id)
    assert "belongs to another task: " in app.warning[0].value


def test_efforts_are_drawn_from_the_job_where_it_has_several(opened):
    app = opened(job=finished(K=[1, 2]))
    assert not app.exception
    assert "σ = 0.25, 12 images: the mean of" in texts(app)
