"""Pages without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rsviz import jobs

CHECKOUT = Path(__file__).resolve().parents[2]
BUTTONS = {
    "certify": "Certify",
    "attack": "Attack",
    "evaluate": "Evaluate",
    "population": "Certify the population",
    "train": "Train",
}
"""The start button of every page that starts a job, by key, which is the kind of its jobs."""


@pytest.fixture(scope="session")
def first_drawn(tmp_path_factory):
    """first_drawn(name) -> the page as it opens, drawn once for all tests that only look at it."""
    drawn = {}

    def of(name):
        if name not in drawn:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("RSVIZ_HOME", str(tmp_path_factory.mktemp(name)))
                patch.setattr(jobs, "ensure_worker", lambda: None)
                app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=60).run()
                drawn[name] = app.switch_page(f"pages/{name}.py").run()
        return drawn[name]

    return of


@pytest.fixture
def open_page(still_home):
    """open_page(name, **query) -> the page as somebody finds it who comes from the app with that query.

    folder: of the page's file, if it is not that of the app's pages.
    """

    def open_with(name, folder="pages", **query):
        app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=60).run()
        for key, value in query.items():
            app.query_params[key] = value
        return app.switch_page(f"{folder}/{name}.py").run()

    return open_with
