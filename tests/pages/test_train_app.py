"""The Train page without a browser: what it opens on, what it asks for, and what it says where it cannot."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rsviz import data, jobs
from rsviz.checkpoints import load_card
from rsviz.data import DATASETS
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.jobs import store
from rsviz.models import ARCHITECTURES
from rsviz.tasks.spellings import to_query
from rsviz.tasks.train import TrainRequest
from rsviz.training import METHODS
from rsviz.training.history import shipped_run
from rsviz.training.records import END, RUN, STEPS, VALIDATIONS
from rsviz.ui.train import controls

CHECKOUT = Path(__file__).resolve().parents[2]


def open_page(**query):
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page("pages/train.py").run()
    assert not app.exception, app.exception
    return app


def button(app, label):
    return next(found for found in app.button if found.label == label)


def words(app):
    kinds = ("header", "markdown", "caption", "info", "error", "warning")
    return " ".join(element.value for kind in kinds for element in app.get(kind))


def charts(app):
    return len(app.get("arrow_vega_lite_chart") or app.get("vega_lite_chart"))


def train(app):
    """Press Train; the request of the job."""
    app = button(app, "Train").click().run()
    assert not app.exception, app.exception
    job_id = app.query_params["job"]
    return jobs.get(job_id[0] if isinstance(job_id, list) else job_id)


def write_run(folder, run, end=True):
    """The files of a run, as the loop writes them."""
    values = json.loads(run.to_json())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RUN).write_text(json.dumps({key: values[key] for key in ("format", "id", "request", "info")}))
    for name, rows in ((STEPS, values["steps"]), (VALIDATIONS, values["validations"])):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    if end:
        (folder / END).write_text(json.dumps(values["end"]))


def test_the_page_opens_on_a_finished_run_with_its_curves(still_home):
    app = open_page()
    assert charts(app) == 4
    look = shipped_run().validations[-1]
    assert f"{100 * look.clean_accuracy:.1f} % right without noise" in words(app)
    assert f"{100 * look.noisy_accuracy:.1f} % under noise" in words(app)
    assert not list(still_home.glob("jobs/*"))


def test_the_shipped_run_is_whole_and_its_images_are_those_of_the_data_set():
    run = shipped_run()
    info = run.info
    assert run.end.state == "done"
    assert run.steps[-1].step == info.steps
    assert [look.epoch for look in run.validations] == list(
        range(info.validate_every, info.epochs + 1, info.validate_every)
    )
    labels = data.load(run.request["dataset"]).labels
    assert [int(labels[index]) for index in info.shown] == list(info.labels)
    for look in run.validations:
        assert np.sum(look.votes, axis=1).tolist() == [info.n] * len(info.shown)
        assert np.all(np.diff(look.certified) <= 0)
        assert look.certified[0] <= 1
    assert (SHIPPED_CHECKPOINTS / "examples" / "train.json").stat().st_size < 300_000


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_offered_with_its_own_parameters_and_can_be_started(still_home, method):
    app = open_page(t_method=method)
    parameters = METHODS[method].parameters.model_fields
    drawn = {
        element.key
        for kind in ("number_input", "selectbox", "toggle")
        for element in app.get(kind)
        if element.key.startswith(controls.parameter_key(method, ""))
    }
    assert drawn == {controls.parameter_key(method, name) for name in parameters}
    for field in parameters.values():
        assert field.description in words(app)
    assert (len(app.get("slider")) == 1) == METHODS[method].needs_noise
    job = train(app)
    request = TrainRequest.make(**{k: v for k, v in job.request.items() if k in TrainRequest.model_fields})
    assert (request.method, request.parameters) == (method, {})
    assert request.sigma == (0.25 if METHODS[method].needs_noise else 0.0)


def test_the_url_holds_every_setting(still_home):
    app = open_page(
        t_method="nal",
        t_sigma="0.5",
        t_nal_K="2",
        t_nal_gamma="0.25",
        t_nal_eta1="0.125",
        t_nal_noise_in_cost="0",
        t_epochs="7",
        t_learning_rate="0.01",
        t_optimizer="sgd",
        t_momentum="0.5",
        t_batch_size="32",
        t_schedule="cosine",
        t_shift="1",
        t_flip="1",
        t_seed="11",
        t_name="from-a-link",
    )
    request = train(app).request
    assert request["parameters"] == {"K": 2, "gamma": 0.25, "eta1": 0.125, "noise_in_cost": False}
    wanted = {"method": "nal", "sigma": 0.5, "epochs": 7, "learning_rate": 0.01, "optimizer": "sgd"}
    wanted |= {"momentum": 0.5, "batch_size": 32, "schedule": "cosine", "shift": 1, "flip": True, "seed": 11}
    assert {name: request[name] for name in wanted} == wanted
    assert request["name"] == "from-a-link"


def test_what_is_set_stands_in_the_url(still_home):
    app = open_page()
    app.selectbox(key="method").select("stn").run()
    app.number_input(key="stn.gamma").set_value(2.5).run()
    app.number_input(key="epochs").set_value(9).run()
    found = {key: value[0] if isinstance(value, list) else value for key, value in app.query_params.items()}
    assert found == {"method": "stn", "stn.gamma": "2.5", "epochs": "9"}


def test_the_link_to_a_request_asks_for_the_same(still_home):
    request = TrainRequest.make(method="nal", sigma=0.5, parameters={"K": 2, "gamma": 0.25}, epochs=7)
    app = open_page(**{key: texts[0] for key, texts in to_query(request).items()})
    asked = train(app).request
    assert (asked["parameters"], asked["sigma"], asked["epochs"]) == (request.parameters, 0.5, 7)


@pytest.mark.parametrize(
    "query",
    [
        {"t_epochs": "0", "t_sigma": "nan", "t_seed": "-1", "t_batch_size": "1e99", "t_dataset": "nothing"},
        {"t_epochs": "999999999", "t_learning_rate": "-3", "t_network": "../../etc", "t_method": "magic"},
        {
            "t_method": "adre",
            "t_adre_k": "100000",
            "t_adre_lam": "inf",
            "t_seed": "9" * 40,
            "t_held_out": "9" * 30,
        },
        {"job": "none", "compare": "a,b,c,../../etc/passwd", "t_epoch": "77"},
        {"job": "0123456789abcdef", "t_name": "x" * 5000},
    ],
    ids=str,
)
def test_whatever_stands_in_the_url_the_page_is_drawn(still_home, query):
    app = open_page(**query)
    assert charts(app) == (0 if "adre" in query.values() else 4)  # of other settings than the example's: none
    app.session_state["t_more"] = app.session_state["t_together"] = True
    app.run()
    assert not app.exception


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"t_sigma": "0"}, "sigma is 0, but the method gaussian trains under noise"),
        ({"t_name": "digits-plain"}, "There already is a checkpoint called digits-plain"),
        ({"t_name": "../escape"}, "letters, digits, dots, dashes"),
        ({"t_held_out": "5000"}, "held_out is 5000, but digits has only 1297 training images"),
        ({"t_learning_rate": "0"}, "learning_rate"),
    ],
    ids=["sigma 0", "name taken", "name of a path", "all held out", "learning rate 0"],
)
def test_what_cannot_be_trained_is_one_sentence_before_the_start(still_home, query, sentence):
    app = open_page(**query)
    assert len(app.error) == 1
    assert sentence in app.error[0].value
    assert button(app, "Train").disabled


def test_a_free_name_is_offered_and_taken_names_stay_what_they_were(still_home):
    app = open_page()
    assert app.text_input(key="name").placeholder == "digits-gaussian-0.25-2"
    assert load_card("digits-gaussian-0.25").method == "gaussian"


@pytest.mark.parametrize("dataset", [name for name, info in DATASETS.items() if not info.embedded])
def test_a_data_set_that_is_not_here_can_be_downloaded_and_not_trained_on(
    still_home, monkeypatch, tmp_path, dataset
):
    monkeypatch.setenv("RSVIZ_DATA", str(tmp_path / "none"))
    app = open_page(t_dataset=dataset)
    assert button(app, "Train").disabled
    assert button(app, f"Download {DATASETS[dataset].title}")
    assert f"{DATASETS[dataset].title} is not on this machine yet." in words(app)

    button(app, f"Download {DATASETS[dataset].title}").click().run()
    again = open_page(t_dataset=dataset)  # of somebody else: the data set is everybody's
    assert f"Download {DATASETS[dataset].title}" not in [found.label for found in again.button]
    assert len(jobs.list_jobs()) == 1


@pytest.mark.parametrize("dataset", DATASETS)
def test_only_networks_that_take_the_images_are_offered(still_home, dataset):
    app = open_page(t_dataset=dataset, t_network="digits-cnn")
    offered = app.selectbox(key="architecture").options
    fitting = [key for key, record in ARCHITECTURES.items() if DATASETS[dataset].shape in record.input_shapes]
    assert len(offered) == len(fitting) > 0
    assert app.selectbox(key="architecture").value in fitting


def test_the_cap_on_jobs_is_one_sentence(still_home, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_PER_SESSION", "1")
    app = button(open_page(), "Train").click().run()
    app = button(app, "Train").click().run()
    assert len(app.error) == 1
    assert "1 unfinished jobs and 1 are allowed" in app.error[0].value
    assert len(jobs.list_jobs()) == 1


def running_job(run, end=False):
    """A job of the run's request that runs, with the files of the run."""
    job_id = jobs.submit(
        "train", {**TrainRequest.make(**run.request).model_dump(), "name": None}, session="a"
    )
    store.Store().claim()
    write_run(store.folder(job_id), run, end)
    return job_id


def test_a_run_is_shown_while_it_goes_on_and_a_reload_takes_it_up(still_home):
    run = shipped_run()
    half = len(run.validations) // 2
    seen = type(run)(run.id, run.request, run.info, run.steps, run.validations[:half])
    job_id = running_job(seen)
    progress = {"phase": "train", "step": 330, "steps": 660, "epoch": half, "epochs": 60, "remaining": 200.0}
    store.Store().save(job_id, progress, None)
    for _ in range(2):
        app = open_page(job=job_id)
        assert charts(app) == 4
        assert f"So far: {100 * seen.validations[-1].clean_accuracy:.1f} %" in words(app)
        assert "Cancelling keeps the best epoch so far" in words(app)
        (bar,) = app.get("progress")
        assert bar.proto.text == f"Epoch {half} of 60, about 3 min left"
        assert not app.get("select_slider")


def test_the_slider_of_a_resumed_run_follows_to_the_epoch_that_is_kept(still_home):
    run = shipped_run()
    job_id = running_job(run)
    jobs.cancel(job_id)

    def ended(state, epoch):
        end = {"state": state, "checkpoint": None, "epoch": epoch, "sentence": ""}
        (store.folder(job_id) / END).write_text(json.dumps(end))

    first, second = (run.validations[place].epoch for place in (1, -1))
    ended("stopped", first)
    app = open_page(job=job_id)
    assert app.select_slider(key="t_epoch").value == first
    ended("done", second)
    assert app.run().select_slider(key="t_epoch").value == second
    app.select_slider(key="t_epoch").set_value(first).run()
    assert app.run().select_slider(key="t_epoch").value == first  # what somebody chose stays


def test_a_cancelled_run_says_what_is_kept_and_can_be_resumed(still_home):
    run = shipped_run()
    job_id = running_job(run)
    jobs.cancel(job_id)
    end = {"state": "stopped", "checkpoint": None, "epoch": None, "sentence": ""}
    (store.folder(job_id) / END).write_text(json.dumps(end))
    app = open_page(job=job_id)
    assert "No checkpoint of this run is kept." in words(app)
    app = button(app, "Resume the run").click().run()
    assert not app.exception
    assert jobs.get(job_id).state == "queued"
    assert "It is next." in words(app)


def test_a_run_whose_loss_was_no_number_says_so_and_is_not_resumed(still_home):
    run = shipped_run()
    job_id = running_job(run)
    sentence = "Training stopped in epoch 3: the loss is no longer finite."
    store.Store().fail(job_id, sentence)
    (store.folder(job_id) / END).write_text(json.dumps({"state": "failed", "sentence": sentence}))
    app = open_page(job=job_id)
    assert sentence in [error.value for error in app.error]
    assert "Resume the run" not in [found.label for found in app.button]


def test_a_job_of_another_kind_is_not_drawn_as_a_run(still_home):
    job_id = jobs.submit("estimate", shipped_run().request, session="a")
    app = open_page(job=job_id)
    assert any("belongs to another task: " in warning.value for warning in app.warning)
    assert charts(app) == 4


def test_runs_are_compared_by_what_differs(still_home):
    run = shipped_run()
    request = {**run.request, "method": "gaussian", "seed": 5}
    other = dataclasses.replace(run, id="f" * 16, request=request)
    write_run(still_home / "runs" / "mine", other)
    app = open_page(compare="example,mine,unknown")
    app.session_state["t_together"] = True
    app.run()
    assert not app.exception
    assert app.multiselect(key="t_compare").value == ["example", "mine"]
    assert charts(app) == 8
    (table,) = [element.value for element in app.markdown if element.value.startswith("| run")]
    assert f"| method | {run.request['method']} | gaussian |" in table
    assert "| seed | 0 | 5 |" in table
    assert "batch" not in table


def test_the_time_is_told_where_a_run_like_it_stands_here_and_else_can_be_measured(still_home, monkeypatch):
    app = open_page()
    assert "not known yet" in words(app)
    app = button(app, "Measure").click().run()
    assert not app.exception
    (job,) = jobs.list_jobs()
    assert (job.kind, job.request["method"]) == ("estimate", "gaussian")
    assert "Measuring" in words(app)
    monkeypatch.setattr(controls, "owner_id", lambda: app.session_state["owner"])
    assert "Measuring" in words(open_page())  # after a reload
    store.Store().claim()
    store.Store().finish(job.id, {"seconds": 150.0})
    app.run()
    assert "About **2 min**, measured on this machine." in words(app)
