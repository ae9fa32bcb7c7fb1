"""The importer of the Certify page: an uploaded file becomes a job, and only the worker reads it."""

import pytest

from rsviz import files, jobs
from rsviz.checkpoints import CheckpointError
from rsviz.tasks.import_weights import ImportRequest


@pytest.fixture
def importer(open_page):
    """The Certify page with its importer open."""
    app = open_page("certify")
    app.session_state["own"] = True
    app.run()
    assert not app.exception, app.exception
    return app


def test_an_upload_is_imported_by_a_job_with_what_was_chosen(importer):
    importer.file_uploader(key="weights").set_value(
        ("my weights.pth", b"anything", "application/octet-stream")
    )
    importer.selectbox(key="w_architecture").set_value("resnet50").run()
    app = next(found for found in importer.button if found.label == "Import").click().run()
    assert not app.exception, app.exception
    (job,) = jobs.list_jobs()
    request = ImportRequest.make(**job.request)
    assert (job.kind, request.architecture, request.dataset) == ("import", "resnet50", None)
    assert request.shown_as == "my weights.pth"
    assert files.upload(request.upload).read_bytes() == b"anything"
    assert "The worker is checking the file" in " ".join(found.value for found in app.caption)


def test_without_a_file_nothing_can_be_imported(importer):
    assert next(found for found in importer.button if found.label == "Import").disabled
    with pytest.raises(CheckpointError):
        ImportRequest.make(architecture="resnet50")
