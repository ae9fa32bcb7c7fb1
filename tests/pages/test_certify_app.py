"""The Certify page without a browser: what the web process loads, and what it says where a cap is reached."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rsviz import jobs

CHECKOUT = Path(__file__).resolve().parents[2]
DRAW = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
for page in ("pages/certify.py", "pages/bounds.py", "pages/papers.py"):
    app.switch_page(page).run()
    assert not app.exception, app.exception
print("torch" in sys.modules, "sklearn" in sys.modules, "torchvision" in sys.modules)
"""


@pytest.fixture
def certify_page(tmp_path, monkeypatch):
    """The page with a home of its own, and no worker behind it."""
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    monkeypatch.setattr(jobs, "ensure_worker", lambda: None)
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=60).run()
    return app.switch_page("pages/certify.py").run()


def button(app, label):
    return next(found for found in app.button if found.label == label)


def test_drawing_every_page_loads_no_torch():
    done = subprocess.run(
        [sys.executable, "-c", DRAW, str(CHECKOUT / "app.py")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "False False False"


def test_pressing_certify_puts_the_job_into_the_url(certify_page):
    app = button(certify_page, "Certify").click().run()
    assert not app.exception
    job = jobs.get(app.query_params["job"])
    assert job.state == "queued"
    assert job.request["checkpoint"] == "digits-gaussian-0.25"
    assert any("waits for the worker" in info.value for info in app.info)


def test_the_cap_on_jobs_is_one_sentence(certify_page, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_PER_SESSION", "1")
    app = button(certify_page, "Certify").click().run()
    app = button(app, "Certify").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert "1" in app.error[0].value
    assert len(jobs.list_jobs()) == 1


def test_a_choice_of_uncertain_or_misclassified_images_is_what_it_says(certify_page):
    from rsviz.checkpoints import load_survey

    survey = load_survey("digits-gaussian-0.25")
    row = {index: place for place, index in enumerate(survey["index"])}
    app = button(certify_page, "Misclassified").click().run()
    place = row[app.number_input(key="index").value]
    assert survey["predicted"][place] != survey["label"][place]
    app = button(app, "Uncertain").click().run()
    assert survey["share"][row[app.number_input(key="index").value]] < 0.7
