"""The Certify page without a browser: what the web process loads, and what it says where a cap is reached."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rsviz import jobs
from rsviz.confidence import PROCEDURES
from rsviz.noise import NOISES
from rsviz.tasks.certify import CertifyRequest, shipped_example
from rsviz.tasks.spellings import to_query

CHECKOUT = Path(__file__).resolve().parents[2]
DRAW = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=180).run()
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


NOTHING = "The controls ask for nothing that can be run."


def button(app, label):
    return next(found for found in app.button if found.label == label)


def certified(app):
    """The request that pressing Certify submits."""
    app = button(app, "Certify").click().run()
    assert not app.exception
    return jobs.get(app.query_params["job"]).request


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
    assert job.request["checkpoint"] == shipped_example().request.checkpoint
    assert any("waits for the worker" in info.value for info in app.info)


def test_every_run_of_the_page_may_be_stopped_and_takes_the_procedure_that_suits(certify_page):
    request = certified(certify_page)
    assert request["stoppable"] is True
    assert (request["procedure"], request["until_radius"], request["within"]) == ("auto", None, None)
    assert (request["noise"], request["scale"]) == ("gaussian", 0.7)


@pytest.mark.parametrize("noise", list(NOISES))
def test_each_noise_has_a_scale_of_its_own_that_starts_at_the_deviation_of_training(certify_page, noise):
    app = certify_page.selectbox(key="noise").set_value(noise).run()
    assert not app.exception
    slider = app.slider(key="scale")
    assert ("λ" if noise in ("laplace", "uniform") else "σ") in slider.label
    assert NOISES[noise](slider.value).deviation(784) == pytest.approx(0.7, rel=1e-3)
    assert NOISES[noise](slider.max).deviation(784) == pytest.approx(2.0, rel=0.1)
    said = [caption.value for caption in app.caption if caption.value.startswith("Deviation per pixel 0.7")]
    assert len(said) == (noise != "gaussian")
    request = certified(app)
    assert (request["noise"], request["scale"]) == (noise, slider.value)


@pytest.mark.parametrize(
    ("end", "key", "value"), [("until_radius", "until_radius", 0.4), ("within", "within", 7.5)]
)
def test_a_rule_is_part_of_the_request(certify_page, end, key, value):
    app = certify_page.selectbox(key="end").set_value(end).run()
    request = certified(app.number_input(key=key).set_value(value).run())
    assert request[key] == value
    assert request["until_radius" if key == "within" else "within"] is None


def test_a_rule_with_a_procedure_that_allows_none_is_one_sentence(certify_page):
    app = certify_page.selectbox(key="end").set_value("until_radius").run()
    app = app.selectbox(key="procedure").set_value("cohen").run()
    assert not app.exception
    assert button(app, "Certify").disabled
    assert [error.value for error in app.error] == [
        "procedure is 'cohen', and until_radius is given: a run that ends by what it sees needs limits that "
        "hold at every moment, which are those of anytime."
    ]


def query(app):
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def test_a_link_carries_keys_and_leaves_out_what_the_page_suggests(certify_page):
    assert query(certify_page) == {}
    app = certify_page.selectbox(key="sample").set_value("7-a").run()
    opening = {"checkpoint": "mnist-gaussian-0.70", "n": "10000"}
    assert query(app) == opening | {"sample": "7-a"}
    app = app.selectbox(key="sample").set_value("5-a").run()
    assert query(app) == {}
    app = app.selectbox(key="noise").set_value("linf-exponential").run()
    app = app.selectbox(key="checkpoint").set_value("digits-plain").run()
    app = app.select_slider(key="n").set_value(1_000_000).run()
    app = app.selectbox(key="end").set_value("within").run()
    assert query(app) == {"checkpoint": "digits-plain", "n": "1000000", "end": "within"}
    app = app.selectbox(key="noise").set_value("laplace").run()
    app = app.segmented_control(key="from").set_value("dataset").run()
    app = app.number_input(key="index").set_value(7).run()
    assert query(app)["noise"] == "laplace"
    assert query(app)["index"] == "7"


def test_a_link_gives_the_same_request_to_somebody_else(open_page):
    asked = {"checkpoint": "digits-gaussian-0.50", "noise": "uniform", "scale": "0.3", "index": "11"}
    asked |= {
        "n": "1000",
        "alpha": "0.01",
        "n0": "50",
        "seed": "3",
        "end": "until_radius",
        "until_radius": "0.125",
    }
    app = open_page("certify", **asked)
    assert not app.exception
    assert query(app) == asked
    request = certified(app)
    assert (request["checkpoint"], request["noise"], request["scale"]) == (
        "digits-gaussian-0.50",
        "uniform",
        0.3,
    )
    assert (request["image"]["index"], request["n"], request["alpha"]) == (11, 1_000, 0.01)
    assert (request["n0"], request["seed"], request["until_radius"]) == (50, 3, 0.125)


def test_an_older_link_that_has_the_labels_of_the_options_is_read(open_page):
    app = open_page(
        "certify",
        checkpoint="digits-gaussian-0.50 · Gaussian noise, σ = 0.5",
        noise="Laplace, certifies ℓ₁",
        n="1,000,000",
        end="When it is good enough",
    )
    request = certified(app)
    assert (request["checkpoint"], request["noise"]) == ("digits-gaussian-0.50", "laplace")
    assert (request["n"], request["within"]) == (1_000_000, 10.0)


def test_an_older_link_that_has_other_names_of_the_settings_is_read(open_page):
    request = certified(open_page("certify", sigma="0.3", end="decide", decide="0.125"))
    assert (request["scale"], request["until_radius"]) == (0.3, 0.125)


def test_the_link_of_a_request_restores_it(open_page):
    asked = CertifyRequest.make(
        checkpoint="digits-plain",
        image={"kind": "dataset", "dataset": "digits", "index": 5},
        noise="laplace",
        scale=0.2,
        n0=50,
        n=5_000,
        alpha=0.02,
        procedure="anytime",
        within=3.0,
        stoppable=True,
        seed=8,
    )
    app = open_page("certify", **{key: texts[0] for key, texts in to_query(asked).items()})
    assert CertifyRequest.make(**certified(app)) == asked


@pytest.mark.parametrize(
    "query",
    [
        {"job": "none", "scale": "-3", "n": "5", "alpha": "2", "sample": "10-a", "seed": "-1", "n0": "x"},
        {"job": "../../etc/passwd", "checkpoint": "../../etc/passwd"},
        {"image": "zz", "from": "upload", "fit": "stretch"},
        {"sigma": "nan", "index": "1e9", "from": "nowhere", "job": "a" * 5000},
        {"job": "0123456789abcdef"},
        {"noise": "salt", "end": "never", "decide": "-1", "within": "200", "procedure": "li"},
        {"noise": "linf-exponential", "scale": "5", "end": "until_radius", "until_radius": "nan"},
    ],
    ids=["out of range", "paths", "no upload", "no number", "no job", "no choice", "no radius"],
)
def test_whatever_stands_in_the_url_the_page_is_drawn(open_page, query):
    app = open_page("certify", **query)
    assert not app.exception
    assert button(app, "Certify")
    said = [found.value for found in [*app.header, *app.info]]
    assert any(
        "certified within" in words or "press **Certify**" in words or NOTHING in words for words in said
    )


def test_a_link_to_a_checkpoint_that_is_not_here_says_so(open_page):
    app = open_page("certify", checkpoint="nobodys")
    assert not app.exception
    said = "There is no checkpoint 'nobodys' here; this page shows digits-gaussian-0.25."
    assert [warning.value for warning in app.warning] == [said]


def test_pages_that_share_a_picker_keep_values_of_their_own(open_page):
    app = open_page("certify", checkpoint="digits-gaussian-0.50")
    app.query_params.clear()  # as the navigation does in a browser
    app = app.switch_page("pages/evaluate.py").run()
    assert app.selectbox(key="checkpoint").value == "digits-gaussian-0.25"
    app.query_params.clear()
    app = app.switch_page("pages/certify.py").run()
    assert app.selectbox(key="checkpoint").value == "digits-gaussian-0.50"


def test_only_procedures_that_are_valid_can_be_chosen(certify_page):
    options = certify_page.selectbox(key="procedure").options
    assert len(options) == 1 + sum(procedure.valid for procedure in PROCEDURES.values())


def test_the_example_says_what_split_gained(certify_page):
    assert any("CERTIFY** on the same votes" in text.value for text in certify_page.markdown)


def test_the_panel_holds_the_command_the_python_lines_and_the_link(open_page):
    app = open_page("certify")
    app.session_state["take_home"] = True
    app.number_input(key="seed").set_value(5).run()
    assert not app.exception
    command, python, link, *_ = (code.value for code in app.code)
    assert command.startswith("python -m rsviz certify --checkpoint mnist-gaussian-0.70 --sample 5-a ")
    assert command.endswith(" --json")
    assert "from rsviz.tasks.certify import CertifyRequest, run" in python
    compile(python, "lines", "exec")
    assert "?checkpoint=mnist-gaussian-0.70&" in link
    assert "&n=10000&" in link and "&seed=5" in link


def test_the_cap_on_jobs_is_one_sentence(certify_page, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_PER_SESSION", "1")
    app = button(certify_page, "Certify").click().run()
    app = button(app, "Certify").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert "1" in app.error[0].value
    assert len(jobs.list_jobs()) == 1


def test_a_choice_of_uncertain_or_misclassified_images_is_what_it_says(open_page):
    from rsviz.checkpoints import load_survey

    survey = load_survey("digits-gaussian-0.25")
    row = {index: place for place, index in enumerate(survey["index"])}
    app = button(open_page("certify", **{"from": "dataset"}), "Misclassified").click().run()
    place = row[app.number_input(key="index").value]
    assert survey["predicted"][place] != survey["label"][place]
    app = button(app, "Uncertain").click().run()
    assert survey["share"][row[app.number_input(key="index").value]] < 0.7
