"""A link that names settings shows what it names: a result that is at hand, or a run, and no other result."""

import json

import pytest

from rsviz import jobs
from rsviz.jobs.at_hand import job_of_equal, seconds
from rsviz.jobs.evaluate import VOTES
from rsviz.jobs.store import Store
from rsviz.tasks import TASKS
from rsviz.tasks.attack import shipped_example as shipped_attack
from rsviz.tasks.certify import CertifyRequest, shipped_example
from rsviz.tasks.evaluate import shipped_votes
from rsviz.tasks.evaluate.series import EXAMPLES
from rsviz.tasks.population import shipped_example as shipped_population
from rsviz.tasks.spellings import to_query
from rsviz.training.history import shipped_run
from tests.pages.conftest import BUTTONS

DIGITS = "digits-gaussian-0.25"
NAMED = {
    "certify": {"index": "3", "n": "1000"},
    "attack": {"index": "3", "eot-pgd.steps": "2"},
    "evaluate": {"limit": "10", "n": "100"},
    "population": {
        "checkpoints": "digits-nal-0.25",
        "scales": "0.25",
        "images": "2",
        "gammas": "1",
        "K": "1",
        "n": "0",
        "measured": "2",
    },
    "train": {"epochs": "2", "seed": "5"},
}
"""Settings of a short run of each page."""
BEGIN = [page for page in BUTTONS if page != "train"]
NOTHING = "Nothing was run with these settings yet"


@pytest.fixture
def begins(monkeypatch):
    """A link begins a run that is estimated to take less than two seconds, as where nothing is set."""
    monkeypatch.delenv("RSVIZ_LINK_SECONDS")


def said(app):
    return " ".join(found.value for found in [*app.info, *app.warning, *app.caption])


def button(app, label):
    return next(found for found in app.button if found.label == label)


def all_jobs():
    return jobs.list_jobs(100)


def submitted(open_page, page, **query):
    """A job of the settings of the link, as somebody else who opened it pressed the button."""
    app = button(open_page(page, **query), BUTTONS[page]).click().run()
    assert not app.exception
    return app.query_params["job"]


def finish(job_id, page):
    """End the job with a stored result of its kind."""
    store = Store()
    assert store.claim()[0] == job_id
    folder = jobs.folder(job_id)
    folder.mkdir(parents=True, exist_ok=True)
    result = {}
    if page in ("certify", "attack"):
        example = shipped_example() if page == "certify" else shipped_attack()
        result = json.loads(json.dumps(example.stored()))
    elif page == "evaluate":
        (folder / VOTES).write_bytes((EXAMPLES / f"{DIGITS}.jsonl").read_bytes())
    elif page == "population":
        result = shipped_population()[1].to_json()
    store.finish(job_id, result)


@pytest.mark.parametrize("page", BUTTONS)
def test_where_nothing_is_at_hand_the_page_says_so_and_shows_no_other_result(page, open_page):
    app = open_page(page, **NAMED[page])
    assert not app.exception
    assert not app.header
    assert NOTHING in said(app) and f"press **{BUTTONS[page]}**" in said(app)
    assert not button(app, BUTTONS[page]).disabled
    assert all_jobs() == []  # it may take longer than a link may begin


@pytest.mark.parametrize("page", BUTTONS)
def test_a_finished_run_of_the_same_settings_is_shown_to_everybody_and_the_page_says_where_it_is_from(
    page, open_page
):
    job_id = submitted(open_page, page, **NAMED[page])
    if page != "train":  # what is shown of a run is in files that only a training writes
        finish(job_id, page)
    app = open_page(page, **NAMED[page])
    assert not app.exception
    words = "Somebody is running these settings" if page == "train" else "Somebody ran these settings"
    assert words in said(app)
    assert NOTHING not in said(app)
    assert "job" not in app.query_params  # Back leads on, and a reload asks again
    assert len(all_jobs()) == 1
    if page != "train":
        assert app.header
    other = dict(NAMED[page])
    other["seed"] = "77"
    assert NOTHING in said(open_page(page, **other))


@pytest.mark.parametrize("page", BEGIN)
def test_a_short_run_is_begun_once_and_everybody_watches_it(page, open_page, begins):
    app = open_page(page, **NAMED[page])
    assert not app.exception
    (job,) = all_jobs()
    assert app.query_params["job"] in (job.id, [job.id])
    asked = TASKS[page].request.make(**job.request)
    assert seconds(asked) < 2
    app = app.run()  # a reload of what the URL is now
    reloaded = open_page(page, **NAMED[page], job=job.id)
    assert not reloaded.exception and NOTHING not in said(reloaded)
    second = open_page(page, **NAMED[page])
    assert "Somebody is running these settings" in said(second)
    back = open_page(page, **NAMED[page])
    assert back.session_state["linked"][page].job == job.id
    assert len(all_jobs()) == 1


def test_no_link_begins_a_training_and_no_bare_page_begins_anything(open_page, begins):
    for page in BUTTONS:
        assert not open_page(page).exception
    assert NOTHING in said(open_page("train", **NAMED["train"]))
    assert all_jobs() == []


def test_a_link_counts_against_the_limit_like_any_other_run(open_page, begins, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_TOTAL", "1")
    jobs.submit("certify", shipped_example().request, session="somebody")
    app = open_page("certify", **NAMED["certify"])
    assert not app.exception
    assert "unfinished jobs and 1 are allowed" in said(app) and NOTHING in said(app)
    assert len(all_jobs()) == 1


def test_a_run_that_was_cancelled_is_shown_and_not_begun_again(open_page, begins):
    app = open_page("certify", **NAMED["certify"])
    (job,) = all_jobs()
    jobs.cancel(job.id)
    app.query_params.pop("job")  # as Back does
    app = app.run()
    assert not app.exception and not app.header
    assert "You ran these settings" in said(app)
    assert len(all_jobs()) == 1


def test_a_long_run_is_offered_with_its_time(open_page, begins):
    app = open_page("certify", index="3", n="10000000")
    assert "It takes about" in said(app) and all_jobs() == []


@pytest.mark.parametrize(
    ("page", "request_of"),
    [
        ("certify", lambda: shipped_example().request),
        ("attack", lambda: shipped_attack().request),
        ("population", lambda: shipped_population()[0]),
        ("train", lambda: TASKS["train"].request.make(**shipped_run().request)),
        ("evaluate", lambda: shipped_votes()[DIGITS].header.request),
    ],
)
def test_the_settings_of_a_shipped_result_show_it(page, request_of, open_page, begins):
    query = {key: texts if len(texts) > 1 else texts[0] for key, texts in to_query(request_of()).items()}
    query.pop("name", None)  # of the checkpoint that was trained
    app = open_page(page, **query)
    assert not app.exception
    assert app.header and NOTHING not in said(app) and "Settings changed" not in said(app)
    assert all_jobs() == []


def test_a_control_moved_after_the_link_makes_its_result_the_older_one(open_page):
    finish(submitted(open_page, "certify", **NAMED["certify"]), "certify")
    app = open_page("certify", **NAMED["certify"])
    app = app.number_input(key="index").set_value(4).run()
    assert "Settings changed; below is the older result" in said(app) and "3 → 4" in said(app)
    app = button(app, "Back to its settings").click().run()
    assert app.number_input(key="index").value == 3 and "Settings changed" not in said(app)
    fresh = open_page("certify", **NAMED["certify"])
    assert "You ran" not in said(fresh)  # a browser of its own


def test_back_to_the_example_leaves_the_run_of_the_link(open_page, begins):
    app = open_page("certify", **NAMED["certify"])
    assert len(all_jobs()) == 1
    app = button(app.run(), "Back to the example").click().run()
    assert not app.exception and "these settings on this server" not in said(app)
    assert "job" not in app.query_params and len(all_jobs()) == 1


def test_a_run_on_an_upload_is_for_its_owner_alone(still_home):
    upload = {"kind": "upload", "sha256": "0" * 64}
    mine = CertifyRequest.make(checkpoint=DIGITS, image=upload)
    job_id = Store().insert("certify", mine.model_dump(mode="json"), "me", 4, 400)
    assert job_of_equal(mine, "me").id == job_id
    assert job_of_equal(mine, "you") is None
    shared = mine.model_copy(update={"image": shipped_example().request.image})
    Store().insert("certify", shared.model_dump(mode="json"), "me", 4, 400)
    assert job_of_equal(shared, "you") is not None


def test_a_checkpoint_that_was_written_after_the_run_is_another_one(still_home, monkeypatch):
    request = shipped_example().request
    Store().insert("certify", request.model_dump(mode="json"), "me", 4, 400)
    assert job_of_equal(request, "you") is not None
    monkeypatch.setattr("rsviz.jobs.at_hand._written", lambda request: 1e12)
    assert job_of_equal(request, "you") is None


@pytest.mark.parametrize("page", BUTTONS)
def test_numbers_in_a_link_may_have_commas(page, open_page):
    from tests.pages.test_request_links import PAGES

    address = PAGES[page].ADDRESS
    for key in address.fields:
        for number in ("1000", "12345"):
            plain = address.read({key: [number]})[key]
            if isinstance(plain, int | float) and not isinstance(plain, bool) and plain == int(number):
                assert address.read({key: [f"{int(number):,}"]})[key] == plain, key
    key = "epochs" if page == "train" else "n"
    assert address.read({key: ["1,000"]})[key] == 1000


HOSTILE = (
    "inf",
    "-inf",
    "nan",
    "1e999",
    "-1",
    "9" * 400,
    "\x00",
    "null",
    "0x10",
    "1,0,0",
    "'; DROP TABLE jobs",
)


@pytest.mark.parametrize("page", BUTTONS)
def test_hostile_values_end_in_a_sentence_and_never_in_a_traceback(page, open_page, begins):
    from tests.pages.test_request_links import PAGES

    address = PAGES[page].ADDRESS
    for key in address.fields:
        for text in HOSTILE:
            address.read({key: [text]})  # raises nothing
    for text in ("inf", "9" * 400):
        query = dict.fromkeys(
            [*("seed", "n0", "n", "index", "skip", "images", "epochs", "e_at", "scale")], text
        )
        app = open_page(page, **query)
        assert not app.exception
        assert "which is not allowed" in said(app)


@pytest.mark.parametrize("page", BUTTONS)
def test_a_job_of_another_kind_is_a_sentence(page, open_page):
    other = "attack" if page == "certify" else "certify"
    request = shipped_attack().request if other == "attack" else shipped_example().request
    job_id = jobs.submit(other, request, session="a")
    app = open_page(page, job=job_id)
    assert not app.exception and "belongs to another task" in said(app)
    if page == "evaluate":
        app = open_page(page, e_show=f"job:{job_id}")
        assert not app.exception and f"The job {job_id} is no evaluation." in said(app)
    if page in ("attack", "population"):
        assert not open_page(page, curve=job_id).exception


def test_an_evaluation_that_a_link_began_stands_alone_in_the_picture_for_everybody(open_page, begins):
    app = open_page("evaluate", **NAMED["evaluate"])
    (job,) = all_jobs()
    assert app.session_state["e_show"] == [f"job:{job.id}"]
    finish(job.id, "evaluate")
    second = open_page("evaluate", **NAMED["evaluate"])
    assert second.session_state["e_show"] == [f"job:{job.id}"]
    assert second.header and not second.exception


def test_a_run_is_timed_by_its_votes_and_not_by_the_loading_of_its_network(still_home):
    asked = shipped_example().request
    job_id = jobs.submit("certify", asked, session="somebody")
    assert Store().claim()[0] == job_id
    Store().finish(job_id, {"certificate": {"votes_per_second": 1e9}})
    assert seconds(asked, shipped=False) == pytest.approx(asked.passes / 1e9)
