"""The Evaluate page without a browser: what it opens on, how votes are read, and what it refuses."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.evaluation import write_log
from rsviz.jobs.evaluate import run_evaluate
from rsviz.jobs.store import Store
from rsviz.tasks.evaluate import certificates, shipped_votes
from rsviz.ui.evaluate import sources
from rsviz.ui.evaluate.controls import SHOWN
from tests.here import finish_here

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def opened(open_page):
    """opened(**query) -> the page."""
    return partial(open_page, "evaluate")


@pytest.fixture
def log(tmp_path):
    """A log that is the shipped votes of one checkpoint."""
    proved = certificates(shipped_votes()["digits-gaussian-0.25"])
    write_log(proved.log(), tmp_path / "log.tsv")
    return (tmp_path / "log.tsv").read_bytes()


def pressed(app):
    return next(found for found in app.button if found.label == "Evaluate").click().run()


def texts(app):
    return " ".join(found.value for found in [*app.header, *app.markdown, *app.caption])


def finished(**values):
    """A job that has certified some digits."""
    request = {
        "checkpoint": "digits-gaussian-0.25",
        "dataset": "digits",
        "limit": 20,
        "n": 200,
        "scale": 0.25,
    }
    return finish_here(run_evaluate, "evaluate", request | values)


def test_it_opens_on_what_the_shipped_votes_prove(opened):
    app = opened()
    assert not app.exception
    best = max(float(sources.load(key, 0.001, "auto", None).series.accuracy(0.5)) for key in SHOWN)
    assert app.header[0].value.startswith(f"{np.floor(1000 * best) / 10:g} %")
    assert "Average certified radius" in texts(app)
    assert "| digits-smoothadv-0.25 |" in texts(app)


def test_a_reading_changes_the_numbers_and_takes_no_vote(opened):
    app = opened()
    before = app.header[0].value
    app.selectbox(key="e_bound").set_value("li-l2").run()
    weaker = app.header[0].value
    app.selectbox(key="e_bound").set_value("tight").run()
    app.select_slider(key="alpha").set_value(0.05).run()
    assert not app.exception
    share = [float(words.split(" ")[0]) for words in (weaker, before, app.header[0].value)]
    assert share[0] < share[1] <= share[2]
    assert not jobs.list_jobs()


def test_pressing_evaluate_asks_for_what_is_set_and_its_curve_joins(opened):
    app = opened()
    app.select_slider(key="n").set_value(100)
    app.number_input(key="limit").set_value(7).run()
    app = pressed(app)
    assert not app.exception
    job = jobs.get(app.query_params["job"])
    assert (job.request["n"], job.request["limit"], job.request["scale"]) == (100, 7, 0.25)
    assert f"job:{job.id}" in app.session_state["e_show"]


def test_a_finished_job_is_in_the_picture_of_another_browser(opened):
    job_id = finished()
    app = opened(e_show=f"example:digits-gaussian-0.25,job:{job_id}")
    assert not app.exception and not app.warning
    assert "digits-gaussian-0.25, n = 200, 20 images" in texts(app)


def test_noise_of_another_norm_is_left_out_and_said(opened):
    job_id = finished(noise="laplace", scale=0.1)
    app = opened(e_show=f"example:digits-gaussian-0.25,job:{job_id}")
    assert "so not in this picture" in app.warning[0].value


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"e_show": "job:nothing"}, "nothing"),
        ({"e_show": "example:nobody"}, "no shipped votes"),
        ({"e_show": "log:" + "0" * 64 + ".tsv"}, "no longer here"),
        ({"e_show": "log:..tsv"}, "no longer here"),
        ({"job": "nothing"}, "nothing"),
    ],
)
def test_what_is_not_there_is_one_sentence(opened, query, words):
    app = opened(**query)
    assert not app.exception
    assert any(words in found.value for found in app.warning)


def test_a_job_of_another_kind_is_refused(opened, still_home):
    job_id = Store().insert("certify", {}, "a", per_session=9, total=9)
    app = opened(job=job_id)
    assert "belongs to another task: " in app.warning[0].value


@pytest.mark.parametrize(
    "query",
    [{"alpha": "2"}, {"n": "nan"}, {"e_at": "-1"}, {"e_show": "../../etc/passwd"}, {"e_papers": "x"}],
)
def test_absurd_links_open_the_page_as_it_is(opened, query):
    app = opened(**query)
    assert not app.exception
    assert app.header


def test_a_log_joins_the_picture(opened, log):
    key = sources.keep_log(log)
    app = opened(e_show=key)
    assert not app.exception and not app.warning
    assert "A log is drawn as it says" in texts(app)
    assert app.header[0].value.startswith("73.6 %")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace("\t", ","), "line 1: the columns are separated by commas"),
        (lambda text: text.replace("idx", "ids", 1), "line 1: the header has no column idx"),
        (lambda text: text.replace("\n1\t", "\n1\t7\t", 1), "line 3: this is 7 columns"),
        (lambda text: text + text, "line 502: this is the header again"),
    ],
)
def test_a_spoilt_log_is_refused_with_its_line_and_nothing_is_kept(still_home, log, spoil, words):
    with pytest.raises(RsvizError, match=words):
        sources.keep_log(spoil(log.decode()).encode())
    assert not list((still_home / "uploads").glob("*"))


def test_radii_that_cannot_be_are_refused(still_home, log):
    lines = log.decode().splitlines(keepends=True)
    for radius in ("-0.5", "nan", "inf"):
        cells = lines[4].split("\t")
        cells[3] = radius
        with pytest.raises(RsvizError, match=f"line 5: radius is .{radius}"):
            sources.keep_log("".join([*lines[:4], "\t".join(cells), *lines[5:]]).encode())
    assert not list((still_home / "uploads").glob("*"))


def test_published_numbers_can_be_laid_over(opened):
    app = opened(e_papers="cohen-cifar10_cifar-10_gaussian-training_0.12")
    assert not app.exception
    assert "Diamonds: numbers printed in papers" in texts(app)
    row = next(line for line in texts(app).splitlines() if line.startswith("| Gaussian training, ResNet-110"))
    assert "published: Cohen et al. 2019" in row
    assert "The shipped curves are of Digits" in app.info[0].value  # one data set at a time


@pytest.mark.parametrize("kind", ["Markdown", "LaTeX", "CSV"])
def test_published_numbers_stand_beside_a_log_of_their_data_set_in_every_table(opened, log, kind):
    key = sources.keep_log(log, "noise_0.50", dataset="cifar10", norm="l2")
    papers = "cohen-cifar10_cifar-10_gaussian-training_0.5,cohen-imagenet_imagenet_gaussian-training_0.5"
    app = opened(e_show=key, e_papers=papers)
    assert "on ImageNet: of another data set" in app.warning[0].value
    app.session_state["take_home"] = True
    app.session_state["e_table"] = kind
    app.run()
    assert not app.exception
    code = next(found.value for found in app.code if "ResNet-110" in found.value)
    assert "noise" in code and "published" in code and "ImageNet" not in code
    cited = [found.value for found in app.code if found.value.startswith("@software{rsviz")]
    assert len(cited) == 1 and "@inproceedings{cohen2019certified," in cited[0]
    offered = app.multiselect(key="e_papers").options
    assert all(option.startswith(("CIFAR-10", "ImageNet")) for option in offered)


def test_curves_of_other_images_are_not_ranked_against_each_other(opened, log):
    head, *rows = log.splitlines(keepends=True)
    key = sources.keep_log(b"".join([head, *(row for row in rows if row.split(b"\t")[4] == b"1")]))
    app = opened(e_show=f"example:digits-gaussian-0.25,{key}")
    assert not app.exception and "the best of" not in texts(app)
    assert "1 curve is of other images than the first one, so not ranked" in texts(app)


def test_the_log_of_a_sigma_for_each_image_says_so(opened):
    rows = b"0\t3\t3\t0.5\t1\t0.31\n5\t8\t8\t0.7\t1\t0.45\n"
    key = sources.keep_log(b"idx\tlabel\tpredict\tradius\tcorrect\tsigma\n" + rows, "mine.tsv")
    assert "In mine σ differs from image to image, 0.31 to 0.45" in texts(opened(e_show=key))


def upload(app, content, name):
    app.file_uploader(key="e_file").set_value((name, content, "text/plain"))
    return app.run()


def test_an_uploaded_log_keeps_its_name_and_takes_what_is_said_of_it(opened, log):
    app = upload(opened(), log, "sigma_0.25")
    assert not app.exception and any("sigma_0.25" in line for line in texts(app).splitlines())
    before = app.session_state["e_show"]
    app.selectbox(key="e_log_data").set_value("digits").run()
    after = app.session_state["e_show"]
    assert after[:-1] == before[:-1] and after[-1] != before[-1]  # read again in place of the other
    assert sources.load(after[-1], 0.001, "auto", None).series.dataset == "digits"


def test_a_log_of_counts_is_drawn_once_its_votes_are_described(opened):
    content = b"idx\tlabel\tpredict\tcount\n0\t3\t3\t97036\n1\t2\t2\t400\n"
    app = upload(opened(), content, "counts.tsv")
    assert any("counts of votes and no radii" in found.value for found in app.error)
    app.number_input(key="e_log_scale").set_value(0.5).run()
    assert not app.exception and not app.error
    series = sources.load(app.session_state["e_show"][-1], 0.001, "auto", None).series
    assert series.radius[0] > 0.9 and series.radius[1] == 0


def test_a_refused_log_says_why_until_it_is_taken_away(opened):
    app = upload(opened(), b"idx\tlabel\tpredict\tradius\n", "empty.tsv")
    app.number_input(key="e_at").set_value(0.25).run()
    assert any(
        "empty.tsv is refused, the log has a header and no image" in found.value for found in app.error
    )


def test_older_names_of_settings_in_a_link_are_read(opened):
    app = opened(e_n="100", e_limit="7", e_alpha="0.05")
    assert app.select_slider(key="n").value == 100
    assert app.number_input(key="limit").value == 7
    assert app.select_slider(key="alpha").value == 0.05


def test_an_older_link_that_has_places_in_the_list_of_printed_curves_is_read(opened):
    chosen = opened(e_papers="3").multiselect(key="e_papers").value
    assert chosen == ["cohen-cifar10_cifar-10_gaussian-training_0.12"]


def test_the_gallery_leads_to_an_image(opened):
    app = opened()
    app.session_state["e_gallery"] = True
    app.run()
    assert not app.exception
    assert "Click an image" in texts(app)
