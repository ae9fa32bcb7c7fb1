"""Weights of one's own on every page that picks a network: a job reads the file, the network is selected."""

import io

import pytest
import torch

from rsviz import files, jobs
from rsviz.checkpoints import CheckpointError, load_card, load_checkpoint
from rsviz.jobs.store import Store
from rsviz.jobs.transfers import run_import
from rsviz.tasks.import_weights import ImportRequest
from tests.here import bring_to_end, run_here

PAGES = ("certify", "attack", "evaluate", "population")
"""Pages that pick a network."""
BUTTONS = {"certify": "Certify", "attack": "Attack", "evaluate": "Evaluate"}


@pytest.fixture
def importer(open_page):
    """importer(page) -> the page with its importer open."""

    def opened(name):
        app = open_page(name)
        app.session_state["own"] = True
        app.run()
        assert not app.exception, app.exception
        return app

    return opened


def button(app, label):
    return next(found for found in app.button if found.label == label)


def weights():
    module, _ = load_checkpoint("digits-gaussian-0.25")
    file = io.BytesIO()
    torch.save({"state_dict": module.state_dict()}, file)
    return file.getvalue()


def imported(app, name, **values):
    """Upload, import, let the job run here, and draw the page as a poll does when it ends."""
    app.file_uploader(key="weights").set_value(("mine.pth", weights(), "application/octet-stream"))
    app.text_input(key="w_name").set_value(name)
    for key, value in values.items():
        app.selectbox(key=key).set_value(value)
    app.run()
    button(app, "Import").click().run()
    assert not app.exception, app.exception
    (job,) = [job for job in jobs.list_jobs() if job.kind == "import"]
    bring_to_end(run_import, job)
    return app.run()


@pytest.mark.parametrize("page", PAGES)
def test_imported_weights_are_selected_at_once_and_their_noise_is_asked_for(importer, page):
    app = imported(importer(page), "mine")
    assert not app.exception, app.exception
    assert any("mine is imported and selected" in found.value for found in app.success)
    assert any("nothing is known of its training" in found.value for found in app.caption)
    if page == "population":
        assert app.multiselect(key="checkpoints").value[0] == "mine"
        return
    assert app.selectbox(key="checkpoint").value == "mine"
    assert app.number_input(key="scale").value is None
    assert button(app, BUTTONS[page]).disabled
    assert any("nothing is known of the training of mine; please give" in found.value for found in app.error)
    app.number_input(key="scale").set_value(0.3).run()
    assert not app.exception and not app.error
    button(app, BUTTONS[page]).click().run()
    request = next(job.request for job in jobs.list_jobs() if job.kind == page)
    assert (request["checkpoint"], request["scale"]) == ("mine", 0.3)


def test_a_noise_that_was_told_is_the_one_that_the_picker_begins_with(importer):
    app = importer("certify")
    app.selectbox(key="w_noise").set_value("laplace").run()
    app = imported(app, "mine", w_noise="laplace")
    assert (load_card("mine").noise, load_card("mine").scale) == ("laplace", 0.25)
    assert (app.selectbox(key="noise").value, app.slider(key="scale").value) == ("laplace", 0.25)


def test_another_network_has_its_own_scale_again(importer):
    app = imported(importer("certify"), "mine")
    app.selectbox(key="checkpoint").set_value("digits-gaussian-0.50").run()
    assert not app.exception and app.slider(key="scale").value == 0.5


def test_a_refused_file_is_told_why_and_selects_nothing(importer):
    app = importer("evaluate")
    before = app.selectbox(key="checkpoint").value
    app.file_uploader(key="weights").set_value(("page.pth", b"<!doctype html>", "text/html")).run()
    button(app, "Import").click().run()
    (job,) = jobs.list_jobs()
    with pytest.raises(CheckpointError) as refused:
        run_here(run_import, job)
    store = Store()
    store.claim()
    store.fail(job.id, str(refused.value))
    app.run()
    assert any("page.pth is a web page" in found.value for found in app.error)
    assert app.selectbox(key="checkpoint").value == before


def test_an_upload_is_imported_by_a_job_with_what_was_chosen(importer):
    app = importer("certify")
    app.file_uploader(key="weights").set_value(("my weights.pth", b"anything", "application/octet-stream"))
    app.selectbox(key="w_architecture").set_value("resnet50").run()
    button(app, "Import").click().run()
    assert not app.exception, app.exception
    (job,) = jobs.list_jobs()
    request = ImportRequest.make(**job.request)
    assert (job.kind, request.architecture, request.dataset) == ("import", "resnet50", None)
    assert request.shown_as == "my weights.pth"
    assert files.upload(request.upload).read_bytes() == b"anything"
    assert "The worker is checking the file" in " ".join(found.value for found in app.caption)


def test_without_a_file_nothing_can_be_imported(importer):
    assert button(importer("certify"), "Import").disabled
    with pytest.raises(CheckpointError):
        ImportRequest.make(architecture="resnet50")
