"""Pictures of one's own without a browser: paper correction, the cross, drawings and their runs, samples."""

import base64
import io

import pytest
from PIL import Image

from rsviz import files, jobs
from rsviz.data.images import decode
from rsviz.errors import RsvizError
from rsviz.tasks.image import store_upload
from rsviz.ui.canvas import LONGEST, PREFIX, store_drawing
from tests.data.test_images import four_colours, saved
from tests.strokes import PHOTOGRAPHED, distance, drawn, photograph

SEVEN = photograph(PHOTOGRAPHED[7], 7)


def button(app, label):
    return next(found for found in app.button if found.label == label)


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def requested(app):
    app = button(app, "Certify").click().run()
    assert not app.exception
    return jobs.get(app.query_params["job"]).request


@pytest.mark.parametrize("page", ["certify", "attack"])
@pytest.mark.parametrize("checkpoint", ["digits-gaussian-0.25", "mnist-gaussian-0.70"])
def test_paper_correction_is_suggested_and_one_switch_applies_it(page, checkpoint, open_page):
    app = open_page(page, checkpoint=checkpoint, image=store_upload(SEVEN))
    assert not app.exception
    assert any("looks like writing on paper" in text.value for text in app.markdown)
    assert any("unlike the training images" in text.value for text in app.warning)
    app = app.toggle(key="prepare").set_value(True).run()
    assert not any("looks like writing on paper" in text.value for text in app.markdown)
    assert not any("unlike the training images" in text.value for text in app.warning)
    assert "Steps: ground flattened → inverted and contrast stretched → cropped to the strokes" in captions(
        app
    )
    assert app.query_params["prepare"] == "paper"


def test_the_request_says_what_was_certified(open_page):
    app = open_page("certify", image=store_upload(SEVEN), prepare="paper")
    image = requested(app)["image"]
    assert (image["kind"], image["prepare"], image["invert"]) == ("upload", "paper", False)


def test_nothing_is_suggested_for_a_photograph_or_a_network_of_photographs(open_page):
    app = open_page("certify", image=store_upload(saved(four_colours(), "PNG")))
    assert not any("looks like writing on paper" in text.value for text in app.markdown)
    app = open_page("certify", image=store_upload(SEVEN), checkpoint="cifar10-gaussian-0.25")
    assert not any("looks like writing on paper" in text.value for text in app.markdown)
    assert "prepare" not in {toggle.key for toggle in app.toggle}
    assert "Steps: shrunk to 32 × 32" in captions(app)


def test_the_cross_of_the_uploader_removes_the_picture(open_page):
    app = open_page("certify", **{"from": "upload"})
    app = app.file_uploader(key="file").upload("seven.jpg", SEVEN, "image/jpeg").run()
    assert len(app.query_params["image"]) == 64
    app = app.file_uploader(key="file").set_value(None).run()
    assert not app.exception
    assert "image" not in app.query_params
    assert button(app, "Certify").disabled


def test_a_picture_that_came_by_a_link_is_removed_by_a_button(open_page):
    app = open_page("certify", image=store_upload(SEVEN))
    app = button(app, "Remove the picture").click().run()
    assert "image" not in app.query_params
    assert button(app, "Certify").disabled


# --- drawings


def drawing(digit):
    """A drawing as the canvas sends it."""
    away = distance(drawn(PHOTOGRAPHED[digit], 200, 280, 280, (140, 140)), 280, 280)
    file = io.BytesIO()
    Image.fromarray((away > 10).astype("uint8") * 255).save(file, "PNG")
    return PREFIX + base64.b64encode(file.getvalue()).decode()


def test_a_drawing_is_checked_like_an_upload():
    kept = store_drawing(drawing(3))
    assert decode(files.upload(kept).read_bytes()).shape == (280, 280, 3)
    assert store_drawing("") is None
    for wrong in (
        "junk",
        PREFIX + "?",
        PREFIX + base64.b64encode(b"no image").decode(),
        PREFIX + "A" * LONGEST,
    ):
        with pytest.raises(RsvizError):
            store_drawing(wrong)


def draw(app, digit):
    """What the callback of the canvas and the page do when a stroke has arrived."""
    app.session_state["drawing"] = store_drawing(drawing(digit))
    app.session_state["drawn"] = True
    return app.run()


def test_each_drawing_takes_the_place_of_the_run_before_and_never_fills_the_queue(open_page, monkeypatch):
    monkeypatch.setenv("RSVIZ_JOBS_PER_SESSION", "2")
    app = open_page("certify", drawing=store_drawing(drawing(0)))
    app = app.select_slider(key="n").set_value(1_000).run()
    known = {job.id for job in jobs.list_jobs(100)}
    begun = []
    for digit in (7, 2, 3, 8):
        app = draw(app, digit)
        assert not app.exception and not app.error
        begun.append(app.query_params["job"])
    assert len(set(begun) - known) == 4
    states = [jobs.get(job).state for job in begun]
    assert states[:-1] == ["cancelled"] * 3
    image = jobs.get(begun[-1]).request["image"]
    assert image == {
        "kind": "upload",
        "sha256": store_drawing(drawing(8)),
        "how": "crop",
        "invert": False,
        "prepare": "paper",
    }
    jobs.cancel(begun[-1])


def test_many_votes_are_not_begun_unasked(open_page):
    app = open_page("certify", drawing=store_drawing(drawing(0)), n="1000000")
    app = draw(app, 7)
    assert "job" not in app.query_params
    assert "press Certify" in captions(app)


# --- samples


def test_samples_follow_the_classes_of_the_network(open_page):
    app = open_page("certify", checkpoint="cifar10-gaussian-0.25")
    assert app.selectbox(key="sample").value == "cat"
    assert requested(app)["image"] == {"kind": "sample", "sample": "cat"}
    app = open_page("certify", sample="7-b", checkpoint="mnist-gaussian-0.70")
    assert app.selectbox(key="sample").value == "7-b"
