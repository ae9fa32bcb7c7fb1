"""The Attack page without a browser: what it opens on, what it asks for, and what it refuses."""

import json
from functools import partial
from pathlib import Path

import pytest

from rsviz import jobs
from rsviz.attacks import ATTACKS
from rsviz.checkpoints import load_card
from rsviz.data import images
from rsviz.jobs.store import Store
from rsviz.tasks.attack import AttackRequest, shipped_example
from rsviz.tasks.image import load_input

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def opened(open_page):
    """opened(**query) -> the page."""
    return partial(open_page, "attack")


def attacked(app):
    """The request that pressing Attack submits."""
    app = next(found for found in app.button if found.label == "Attack").click().run()
    assert not app.exception
    return jobs.get(app.query_params["job"]).request


def texts(app):
    return " ".join(found.value for found in [*app.markdown, *app.caption, *app.header])


def test_it_opens_on_a_finished_attack_that_is_what_it_says(opened):
    """The shipped example: its image is the dataset's, its weights the shipped ones."""
    app = opened()
    assert not app.exception
    progress = shipped_example()
    result, card = progress.result, load_card(progress.request.checkpoint)
    x, label = load_input(progress.request.image, card.input_shape, card.classes)
    assert result.weights_sha256 == card.weights_sha256
    assert result.image_sha256 == images.digest(x)
    assert result.label == label
    assert result.verdict == "changed"
    assert result.distance > result.best_radius[1]
    assert not result.contradicts
    words = texts(app)
    assert f"{result.distance:.4g}" in words
    assert "Inside the certified radius **no** attack can change the answer" in words
    assert "probability at most 0.001" in words


def test_pressing_attack_asks_for_what_is_set(opened):
    app = opened()
    request = attacked(app)
    begin = shipped_example().request
    assert request["checkpoint"] == begin.checkpoint
    assert (request["attack"], request["scale"]) == ("eot-pgd", 0.7)
    assert AttackRequest.make(**request).chosen == begin.chosen


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_each_attack_has_its_own_settings(opened, attack):
    app = opened()
    app.selectbox(key="attack").set_value(attack).run()
    assert not app.exception
    request = AttackRequest.make(**attacked(app))
    assert request.attack == attack
    assert (request.surrogate is not None) == (attack == "transfer")


def test_f_itself_is_attacked_at_scale_0(opened):
    app = opened()
    app.toggle(key="bare").set_value(True).run()
    assert attacked(app)["scale"] == 0


def test_a_link_brings_the_settings_back(opened):
    app = opened(a_attack="cw", a_cw_steps="7", a_cw_searches="2", a_target="3", a_seed="11")
    request = AttackRequest.make(**attacked(app))
    assert (request.attack, request.chosen.steps, request.target, request.seed) == ("cw", 7, 3, 11)
    assert request.chosen.searches == 2


@pytest.mark.parametrize("query", [{"a_cw_steps": "many"}, {"a_attack": "magic"}, {"a_seed": "-5"}])
def test_a_bad_link_falls_back_to_the_defaults(opened, query):
    app = opened(**query)
    assert not app.exception
    assert attacked(app)["seed"] == 0


def test_a_size_of_nothing_is_refused_in_one_sentence(opened):
    app = opened()
    app.number_input(key="eot-pgd.epsilon").set_value(0.0).run()
    assert not app.exception
    assert any("epsilon is 0" in error.value for error in app.error)
    assert next(found for found in app.button if found.label == "Attack").disabled


@pytest.mark.parametrize("job_id", ["nobody", "../../etc"])
def test_a_link_to_a_job_that_is_gone_shows_the_example(opened, job_id):
    app = opened(job=job_id)
    assert not app.exception
    assert app.warning
    assert "becomes" in texts(app)


def test_a_certificate_s_job_is_no_attack(opened):
    app = opened()
    request = {"checkpoint": "digits-gaussian-0.25", "scale": 0.25}
    request["image"] = {"kind": "dataset", "dataset": "digits", "index": 0}
    app.query_params["job"] = jobs.submit("certify", request, session="a")
    app.run()
    assert not app.exception
    assert any("belongs to another task: " in warning.value for warning in app.warning)


def test_a_finished_job_shows_its_verdict(opened):
    app = opened()
    job_id = jobs.submit("attack", shipped_example().request, session="a")
    progress = shipped_example()
    store = Store()
    store.claim()
    folder = jobs.folder(job_id)
    folder.mkdir(parents=True)
    (folder / "pictures.safetensors").write_bytes(progress.pictures.to_bytes())
    store.finish(job_id, json.loads(json.dumps(progress.stored())), None)
    app.query_params["job"] = job_id
    app.run()
    assert not app.exception
    assert "g: 5 becomes 3" in texts(app)


def test_a_cancelled_attack_claims_nothing(opened):
    app = opened()
    job_id = jobs.submit("attack", shipped_example().request, session="a")
    jobs.cancel(job_id)
    app.query_params["job"] = job_id
    app.run()
    assert not app.exception
    assert "becomes" not in texts(app)
    assert "no verdict" in texts(app)


def test_curves_are_asked_for_and_come_back_by_the_link(opened):
    app = opened()
    asked = {
        "checkpoints": ["digits-gaussian-0.25"],
        "scales": [0.25],
        "sizes": [0.5, 1.0],
        "images": 3,
    }
    app.query_params["curve"] = jobs.submit("robustness", asked, session="a")
    app.run()
    assert not app.exception
    assert any(found.label == "Draw the curves" for found in app.button)
