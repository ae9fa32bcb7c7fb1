"""A result never stands beside other settings as if it were theirs, on every page that starts a job."""

import pytest

from rsviz import jobs
from rsviz.jobs.store import Store
from rsviz.tasks import TASKS
from rsviz.tasks.certify import shipped_example
from rsviz.tasks.population import shipped_example as shipped_population
from rsviz.tasks.spellings import to_query
from rsviz.ui.stale import differences
from tests.pages.conftest import BUTTONS

CHANGED = {
    "certify": ("seed", 5, "Seed 0 → 5"),
    "attack": ("eot-pgd.epsilon", 0.75, "epsilon"),
    "evaluate": ("skip", 3, "Every 1 → 3"),
    "population": ("images", 50, "Test images 100 → 50"),
    "train": ("batch_size", 64, "Batch: images per step 128 → 64"),
}
"""A number input of each page: its key, another value, what is said of it."""


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    monkeypatch.setattr(jobs, "ensure_worker", lambda: None)


def button(app, label):
    return next(found for found in app.button if found.label == label)


def changed(app):
    """What is said of other settings, in a line."""
    return [found.value for found in app.warning if "Settings changed" in found.value]


def open_all(app):
    app.session_state["t_more"] = True
    return app.run()


def started(open_page, page, **query):
    app = open_all(open_page(page, **query))
    app = button(app, BUTTONS[page]).click().run()
    assert not app.exception
    return app, app.query_params["job"]


@pytest.mark.parametrize("page", BUTTONS)
def test_a_moved_control_makes_the_result_the_older_one_and_undone_it_is_no_longer(page, open_page):
    key, value, words = CHANGED[page]
    app, job_id = started(open_page, page)
    assert changed(app) == []
    before = app.number_input(key=key).value
    app = app.number_input(key=key).set_value(value).run()
    (said,) = changed(app)
    assert words in said
    assert app.number_input(key=key).set_value(before).run() and changed(app) == []
    app = app.number_input(key=key).set_value(value).run()
    app = button(app, "Back to its settings").click().run()
    assert app.number_input(key=key).value == before and changed(app) == []
    assert app.query_params["job"] in (job_id, [job_id])


@pytest.mark.parametrize("page", BUTTONS)
def test_the_link_to_a_job_alone_brings_the_settings_of_the_job(page, open_page):
    key, value, _ = CHANGED[page]
    app = open_all(open_page(page)).number_input(key=key).set_value(value).run()
    app = button(app, BUTTONS[page]).click().run()
    job_id = app.query_params["job"]
    other = open_all(open_page(page, job=job_id))
    assert other.number_input(key=key).value == value
    assert changed(other) == []


def finish(job_id):
    """The job, done with the shipped certificate."""
    store = Store()
    store.claim()
    example = shipped_example()
    store.finish(job_id, example.changing() | {"certificate": example.result.to_json()})


def certificate_badge(app):
    (badge,) = [
        text.value for text in app.markdown if "-badge[" in text.value and "Certificate" in text.value
    ]
    return badge


def test_a_certificate_beside_other_settings_has_no_green_badge(open_page):
    app, job_id = started(open_page, "certify")
    finish(job_id)
    app = app.run()
    badge = certificate_badge(app)
    assert ":green-badge" in badge
    app = app.number_input(key="seed").set_value(5).run()
    badge = certificate_badge(app)
    assert ":gray-badge" in badge and "with other settings" in badge


def test_an_example_is_not_shown_as_the_result_of_other_settings(open_page):
    app = open_page("certify")
    assert app.header and changed(app) == []
    assert changed(app.number_input(key="seed").set_value(5).run())


@pytest.mark.parametrize("page", ["certify", "attack"])
def test_another_image_asks_for_a_run_and_shows_no_example_of_another(page, open_page):
    app = open_page(page, index="7", checkpoint="digits-gaussian-0.50")
    assert not app.header
    words = f"Nothing was run with these settings yet: press **{BUTTONS[page]}**."
    (said,) = [found.value for found in app.info]
    assert said.startswith(words)


def test_an_example_with_other_settings_than_a_fresh_page_says_so(open_page):
    asked, example = open_page("population"), shipped_population()[0]
    said = [found.value for found in asked.caption if "The example has other settings" in found.value]
    assert len(said) == 1 and f"Test images {example.images} → 100" in said[0]


@pytest.mark.parametrize("task", TASKS)
def test_a_request_differs_from_itself_in_nothing(task):
    from tests.tasks.samples import SAMPLES

    request = TASKS[task].request.make(**SAMPLES[task])
    assert differences(request, request) == []
    assert to_query(request) == to_query(request.model_copy())


@pytest.mark.parametrize(
    ("task", "given", "default"),
    [
        ("attack", {"attack": "eot-pgd"}, {"norm": "l2"}),
        (
            "attack",
            {"attack": "transfer", "surrogate": "digits-plain"},
            {"attack": "eot-pgd", "parameters": {}},
        ),
        ("robustness", {"attack": "eot-pgd", "checkpoints": ["digits-plain"], "sizes": [1.0]}, {"draws": 16}),
        ("train", {"dataset": "digits", "method": "smoothadv", "sigma": 0.25}, {"steps": 2}),
    ],
)
def test_a_setting_that_was_left_out_is_no_other_than_its_default(task, given, default):
    model = TASKS[task].request
    if task == "attack":
        given |= {"checkpoint": "digits-gaussian-0.25", "image": {"kind": "sample", "sample": "5-a"}}
    out, said = model.make(**given), model.make(**given, parameters=default)
    assert differences(out, said) == [] == differences(said, out)
