"""The fixtures of the browser tests keep their word: nothing leaves the machine, nothing outlives a test."""

import os
import subprocess
import sys

import psutil
import pytest

from tests.browser.conftest import Server, processes_of, record_outside

TRIAL_APP = "import streamlit as st\nst.write('It stands.')\n"
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def start_sleeper(home):
    """A detached process of that home, as the worker is one."""
    return subprocess.Popen(SLEEP, env={**os.environ, "RSVIZ_HOME": str(home)}, start_new_session=True)


@pytest.fixture
def trial(tmp_path):
    app = tmp_path / "trial.py"
    app.write_text(TRIAL_APP)
    server = Server(tmp_path / "home", app=app)
    yield server.start()
    server.stop()


def test_page_opens_a_server_without_leaving_the_machine(page, trial):
    page.goto(trial.url)
    page.get_by_text("It stands.").wait_for()
    assert page.outside == []


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://example.com/pixel.png">',
        '<link rel="stylesheet" href="//example.com/style.css">',
        "<script>fetch('http://192.0.2.1/')</script>",
        "<script>new WebSocket('ws://example.com/')</script>",
    ],
)
def test_requests_that_would_leave_the_machine_are_seen(browser, trial, markup):
    context = browser.new_context()
    outside = record_outside(context)
    page = context.new_page()
    page.route(
        "**/empty", lambda route: route.fulfill(body=f"<title>x</title>{markup}", content_type="text/html")
    )
    page.goto(f"{trial.url}/empty")
    page.wait_for_timeout(200)
    context.close()
    assert len(outside) == 1
    assert "example.com" in outside[0] or "192.0.2.1" in outside[0]


def test_restart_keeps_address_home_and_worker(trial):
    worker = subprocess.Popen(
        SLEEP, env={**os.environ, "RSVIZ_HOME": str(trial.home)}, start_new_session=True
    )
    before = trial.process.pid
    trial.restart()
    assert trial.process.pid != before
    assert trial.is_healthy()
    assert worker.pid in [process.pid for process in trial.workers()]
    worker.kill()
    worker.wait()


def test_stop_leaves_no_process_of_its_home_and_touches_no_other(trial, tmp_path):
    mine = start_sleeper(trial.home)
    other = start_sleeper(tmp_path / "other")
    try:
        trial.stop()
        assert processes_of(trial.home) == []
        assert not trial.is_healthy()
        mine.wait(timeout=10)
        assert psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE
    finally:
        other.kill()
        other.wait()


def test_a_server_that_cannot_start_says_why(tmp_path):
    server = Server(tmp_path / "home", environment={"PYTHONPATH": str(tmp_path)})
    (tmp_path / "streamlit.py").write_text("raise SystemExit('no streamlit today')")
    with pytest.raises(RuntimeError, match="no streamlit today"):
        server.start()
    assert processes_of(server.home) == []
