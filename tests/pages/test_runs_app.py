"""The runs of a browser: found again on every page, in every session of their owner; listed."""

import pytest

from rsviz import jobs
from rsviz.jobs import owners
from rsviz.jobs.store import Store
from rsviz.ui import session, shell
from tests.pages.conftest import BUTTONS
from tests.tasks.samples import SAMPLES


@pytest.fixture
def browser(monkeypatch, still_home, open_page):
    """browser(page, **query) -> the page in a new session of one and the same browser; `browser.owner`."""

    def open_again(page, **query):
        return open_page(page, **query)

    open_again.owner = owners.new_owner()
    cookies = {owners.cookie_name(): owners.token(open_again.owner)}
    monkeypatch.setattr(session, "_cookies", lambda: cookies)
    return open_again


def button(app, label, number=0):
    return [found for found in app.button if found.label == label][number]


def labels(app):
    return [found.label for found in app.button]


def by_menu(app, page):
    app.query_params.clear()
    return app.switch_page(f"pages/{page}.py").run()


def listed(app):
    """The page with its drawer open."""
    app.session_state["runs-open"] = True
    return app.run()


def texts(app):
    return " ".join(found.value for found in [*app.markdown, *app.caption])


def job_in_url(app):
    assert not app.exception
    return in_url(app, "job")


def in_url(app, name):
    value = app.query_params.get(name)
    return value[0] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", BUTTONS)
def test_away_and_back_leads_to_one_s_own_run_and_a_small_button_to_the_example(kind, browser):
    app = browser(kind)
    assert job_in_url(app) is None  # a browser without runs sees the example
    app = button(app, BUTTONS[kind]).click().run()
    mine = job_in_url(app)
    assert jobs.get(mine).session == browser.owner
    app = by_menu(by_menu(app, "bounds"), kind)
    assert job_in_url(app) == mine
    app = button(app, "Back to the example").click().run()
    assert job_in_url(app) is None
    assert job_in_url(by_menu(by_menu(app, "bounds"), kind)) is None
    # another session of the same browser: the run, beside its own settings
    fresh = browser(kind)
    assert job_in_url(fresh) == mine
    jobs.cancel(mine)
    again = button(fresh.run(), BUTTONS[kind]).click().run()
    assert jobs.get(job_in_url(again)).request == jobs.get(mine).request


def test_a_link_with_settings_shows_no_run_of_other_settings(browser):
    jobs.submit("attack", SAMPLES["attack"], session=browser.owner)
    assert job_in_url(browser("attack", checkpoint="digits-plain")) is None
    other = jobs.submit("attack", SAMPLES["attack"], session="somebody else")
    assert job_in_url(browser("attack", job=other)) == other


def test_somebody_else_s_run_is_not_come_back_to(browser, monkeypatch):
    jobs.submit("certify", SAMPLES["certify"], session="somebody else")
    assert job_in_url(browser("certify")) is None
    monkeypatch.setattr(session, "_cookies", lambda: {owners.cookie_name(): f"{browser.owner}.{'0' * 64}"})
    jobs.submit("certify", SAMPLES["certify"], session=browser.owner)
    app = browser("certify")  # with a forged cookie
    assert job_in_url(app) is None
    assert app.session_state["owner"] != browser.owner


def test_pressing_during_a_run_asks_whether_to_wait_to_cancel_or_to_begin_another(browser):
    first = jobs.submit("certify", SAMPLES["certify"], session=browser.owner)
    jobs.submit("train", SAMPLES["train"], session=browser.owner)  # another kind is in nobody's way
    app = button(browser("certify"), "Certify").click().run()
    assert "This run is under way." in texts(app)
    assert "digits-gaussian-0.25 · digits, test image 3" in texts(app)
    app.query_params.pop("job")
    app = button(app, "Wait for it").click().run()
    assert job_in_url(app) == first
    assert len(jobs.list_jobs(kind="certify")) == 1
    app = button(app.run(), "Certify").click().run()
    app = button(app, "Begin another beside it").click().run()
    second = job_in_url(app)
    assert second != first and jobs.get(first).unfinished
    app = button(app.run(), "Certify").click().run()
    app = button(app, "Cancel them and begin").click().run()
    assert job_in_url(app) not in (first, second)
    assert [jobs.get(job_id).state for job_id in (first, second)] == ["cancelled", "cancelled"]
    assert "under way" not in texts(app.run())


def test_the_cap_lists_what_fills_it_and_a_cancel_makes_room(browser, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_PER_SESSION", "2")
    jobs.submit("train", SAMPLES["train"], session=browser.owner)
    jobs.submit("certify", SAMPLES["certify"], session=browser.owner)
    jobs.submit("attack", SAMPLES["attack"], session="somebody else")
    app = button(browser("evaluate"), "Evaluate").click().run()
    (error,) = app.error
    assert error.value.startswith("You have 2 unfinished jobs and 2 are allowed")
    assert "Train a network" in texts(app) and "Certify an image" in texts(app)
    assert "Attack an image" not in texts(app)
    assert labels(app).count("Cancel") == 2
    app = button(app, "Cancel").click().run()
    assert not app.error
    app = button(app, "Evaluate").click().run()
    assert jobs.get(job_in_url(app)).kind == "evaluate"


@pytest.mark.parametrize("page", [page.key for page in shell.PAGES])
def test_the_drawer_is_on_every_page_and_lists_the_newest_first(page, browser):
    old = jobs.submit("certify", SAMPLES["certify"], session=browser.owner)
    jobs.cancel(old)
    jobs.submit("train", SAMPLES["train"], session=browser.owner)
    jobs.submit("attack", SAMPLES["attack"], session="somebody else")
    app = browser(page, seed="1")
    assert [badge.proto.body for badge in app.markdown if badge.proto.body.startswith(":orange-badge[1")]
    assert "Train a network" not in texts(app)  # nothing is listed before it is opened
    app = listed(app)
    assert not app.exception
    said = texts(app)
    assert 0 < said.index("Train a network") < said.index("Certify an image")
    assert "Attack an image" not in said
    assert owners.mark(browser.owner) in said


def test_a_run_is_repeated_and_forgotten_from_the_list(browser):
    first = jobs.submit("certify", SAMPLES["certify"] | {"n": 1000}, session=browser.owner)
    jobs.cancel(first)
    folder = jobs.folder(first)
    folder.mkdir(parents=True)
    app = listed(browser("bounds"))
    app = button(app, "Repeat").click().run()
    second = job_in_url(app)
    assert second != first
    assert jobs.get(second).request == jobs.get(first).request
    app = listed(app)
    assert labels(app).count("Forget") == 1  # what runs can be cancelled
    app = button(app, "Forget").click().run()
    assert "Its votes and pictures are removed too" in texts(app)
    app = button(app, "Keep it").click().run()
    app = button(app, "Forget").click().run()
    button(app, "Forget it").click().run()
    assert [job.id for job in jobs.list_jobs()] == [second]
    assert not folder.exists()


def test_what_is_forgotten_leaves_the_page_too(browser):
    mine = jobs.submit("certify", SAMPLES["certify"], session=browser.owner)
    jobs.cancel(mine)
    app = listed(browser("certify"))
    assert job_in_url(app) == mine
    app = button(button(app, "Forget").click().run(), "Forget it").click().run()
    assert job_in_url(app) is None
    assert "There is no job" not in " ".join(warning.value for warning in app.warning)


@pytest.mark.parametrize("kind", sorted(SAMPLES.keys() - {"download", "import", "estimate"}))
def test_open_shows_a_run_beside_its_own_settings(kind, browser):
    request = SAMPLES[kind] | {"seed": 5}
    job_id = jobs.submit(kind, request, session=browser.owner)
    app = button(listed(browser("papers")), "Open").click().run()
    assert not app.exception
    parameter = "curve" if kind == "robustness" else "job"
    assert in_url(app, parameter) == job_id
    assert app.session_state["runs-open"] is False
    if kind == "evaluate":  # with the example it may be compared with, and not the example alone
        assert app.session_state["e_show"][-1] == f"job:{job_id}"
    if parameter == "job":
        assert settings_differ(app) == []


def settings_differ(app):
    """What the page says of controls that ask for something else than the run that it shows."""
    return [
        found.value for found in [*app.warning, *app.info, *app.markdown] if "Settings changed" in found.value
    ]


def test_a_finished_evaluation_is_offered_in_every_session_of_its_owner(browser):
    job_id = jobs.submit("evaluate", SAMPLES["evaluate"], session=browser.owner)
    Store().claim()
    Store().finish(job_id, {})
    app = browser("evaluate", alpha="0.01")
    offered = app.multiselect(key="e_show").options
    assert any("digits-gaussian-0.25, gaussian 0.25" in option for option in offered)


def test_a_key_in_the_link_shares_the_runs_of_another_browser(browser, monkeypatch):
    theirs = jobs.submit("certify", SAMPLES["certify"], session=browser.owner)
    key = owners.token(browser.owner)
    monkeypatch.setattr(session, "_cookies", dict)
    app = browser("bounds", owner=key)
    assert "owner" not in app.query_params
    mine = jobs.submit("train", SAMPLES["train"], session=app.session_state["owner"])
    app = button(app, "Share them").click().run()
    assert app.session_state["owner"] == browser.owner
    assert {job.id for job in jobs.list_jobs(session=browser.owner)} == {theirs, mine}
    refused = browser("bounds", owner=key[:-1] + "x")
    assert "not one of this server" in refused.warning[0].value
    assert "Share them" not in labels(refused)
