"""From request to certificate: requests checked at the door, the shipped example again, the shell."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from rsviz import files
from rsviz.data import load
from rsviz.data.images import digest
from rsviz.errors import RsvizError
from rsviz.tasks.certify import CertifyProgress, CertifyRequest, run, shipped_example
from rsviz.tasks.image import load_input, make_source, store_upload
from rsviz.tasks.spellings import command_line
from tests.shell import real_shell, shell

DIGIT = {"kind": "dataset", "dataset": "digits", "index": 3}
REQUEST = {"checkpoint": "digits-gaussian-0.25", "image": DIGIT, "scale": 0.25, "n": 2000, "seed": 1}


def certify(**changes):
    *_, last = run(CertifyRequest.make(**REQUEST | changes))
    return last.result


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_the_shipped_example_is_what_its_request_gives():
    """The first picture of the app is no drawing: the same command draws the same votes."""
    example = shipped_example()
    asked = {"device": "cpu", "precision": "float32", "batch": example.result.batch}
    request = CertifyRequest.make(**example.request.model_dump() | asked)
    *_, again = run(request)
    # Another processor may round a logit tie the other way.
    moved = np.abs(np.array(again.counts) - example.counts).sum() / 2
    assert moved <= request.n / 10_000
    assert again.result.predicted == example.result.predicted
    assert again.result.radius == pytest.approx(example.result.radius, abs=2e-3)
    assert again.result.image_sha256 == example.result.image_sha256
    assert again.result.weights_sha256 == example.result.weights_sha256


def test_progress_survives_its_file():
    example = shipped_example()
    again = CertifyProgress.from_json(example.to_json())
    assert again.result == example.result
    assert again.history == example.history
    assert (again.pictures.x == example.pictures.x).all()
    assert (again.pictures.noisy == example.pictures.noisy).all()
    with pytest.raises(RsvizError, match="certify --save"):
        CertifyProgress.from_json('{"request": 3}')


def test_a_certificate_says_all_that_identifies_it():
    certificate = certify()
    contract = (
        "checkpoint weights_sha256 image_sha256 label noise scale n0 n alpha procedure seed device precision "
        "block counts0 counts predicted predicted_name abstained p_a_lower p_b_upper radius radii seconds "
        "votes_per_second"
    )
    stored = certificate.to_json()
    assert set(contract.split()) <= set(stored)
    assert type(certificate).from_json(json.loads(json.dumps(stored))) == certificate
    assert certificate.label == load("digits").labels[3]
    assert certificate.image_sha256 == digest(load("digits").image(3))
    assert sum(certificate.counts) == 2000
    json.dumps(stored, allow_nan=False)


def test_the_command_repeats_the_votes():
    certificate = certify()
    command = command_line(certificate.repeated(CertifyRequest.make(**REQUEST)), "--json")
    assert command.startswith("python -m rsviz certify ")
    status, out, _ = real_shell(*command.split()[3:])
    assert status == 0
    assert json.loads(out)["counts"] == list(certificate.counts)


def test_the_command_of_an_upload_asks_for_its_file():
    certificate = certify()
    upload = {"kind": "upload", "sha256": "0" * 64, "how": "pad", "invert": True}
    asked = CertifyRequest.make(**REQUEST | {"image": upload})
    assert "--image FILE --fit pad --invert " in command_line(certificate.repeated(asked))


def test_a_file_and_its_upload_are_the_same_image(tmp_path):
    content = png(np.arange(64 * 48 * 3, dtype=np.uint8).reshape(64, 48, 3))
    (tmp_path / "it.png").write_bytes(content)
    upload = make_source({"kind": "upload", "sha256": store_upload(content), "how": "pad", "invert": True})
    file = make_source({"kind": "file", "path": str(tmp_path / "it.png"), "how": "pad", "invert": True})
    one, label = load_input(upload, (1, 8, 8))
    other, _ = load_input(file, (1, 8, 8))
    assert label is None
    assert (one == other).all()
    assert one.shape == (1, 8, 8)


def test_what_is_no_image_is_not_kept():
    kept = set((files.home() / "uploads").glob("*"))
    with pytest.raises(RsvizError):
        store_upload(b"GIF89a")
    assert set((files.home() / "uploads").glob("*")) == kept


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"scale": 0}, "scale is 0"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"scale": 1e9}, "scale is 1000000000.0"),
        ({"n": 0}, "n is 0"),
        ({"n": 10**12}, "n is 1000000000000"),
        ({"n0": -1}, "n0 is -1"),
        ({"alpha": 1}, "alpha is 1"),
        ({"seed": -1}, "seed is -1"),
        ({"noise": "salt"}, "noise is 'salt'"),
        ({"procedure": "magic"}, "procedure is 'magic'"),
        ({"procedure": "li"}, "procedure is 'li': its limits are not proved"),
        ({"procedure": "tcertify"}, "so it makes no certificate; auto, cohen, split, anytime do"),
        ({"procedure": "cohen", "until_radius": 0.3}, "procedure is 'cohen', and until_radius is given"),
        ({"until_radius": 0.3, "within": 5}, "until_radius and within are both given"),
        ({"until_radius": 0}, "until_radius is 0"),
        ({"until_radius": float("inf")}, "until_radius is inf"),
        ({"within": 100}, "within is 100"),
        ({"stoppable": "perhaps"}, "stoppable is 'perhaps'"),
        ({"precision": "float8"}, "precision is 'float8'"),
        ({"batch": 0}, "batch is 0"),
        ({"image": {"kind": "url", "path": "http://x"}}, "image is"),
        ({"image": {"kind": "upload", "sha256": "../../etc/passwd"}}, "image.upload.sha256 is"),
        ({"image": DIGIT | {"index": -1}}, "index is -1"),
        ({"extra": 1}, "extra is 1"),
        ({"checkpoint": ""}, "checkpoint is ''"),
    ],
)
def test_a_bad_request_is_one_sentence_that_names_the_field(changes, named):
    with pytest.raises(RsvizError) as refused:
        CertifyRequest.make(**REQUEST | changes)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": {"kind": "file", "path": "/etc/passwd"}}, "a job takes images"),
        ({"checkpoint": "../checkpoints/digits-plain"}, "takes the name of a checkpoint"),
        ({"checkpoint": "nothing"}, "nothing"),
        ({"image": DIGIT | {"dataset": "mnist"}}, "was trained on digits"),
        ({"image": DIGIT | {"dataset": "folder:/etc"}}, "was trained on digits"),
    ],
)
def test_a_job_reaches_no_file_of_the_server(changes, words):
    with pytest.raises(RsvizError, match=words):
        CertifyRequest.for_job(REQUEST | changes)


def test_an_image_that_is_not_there_or_does_not_fit_is_refused():
    with pytest.raises(RsvizError, match="ends at 499"):
        load_input(make_source(DIGIT | {"index": 500}), (1, 8, 8))
    with pytest.raises(RsvizError, match="images of shape"):
        load_input(make_source(DIGIT), (3, 32, 32))
    with pytest.raises(RsvizError, match="upload it again"):
        load_input(make_source({"kind": "upload", "sha256": "0" * 64}), (1, 8, 8))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "please give either --sample, or --dataset with --index"),
        (
            ["--checkpoint", "digits-plain"],
            "--dataset with --index, or --upload, or --image",
        ),
        (["--checkpoint", "digits-plain", "--dataset", "digits"], "--dataset with --index"),
        (["--checkpoint", "digits-plain", "--dataset", "digits", "--index", 1], "scale is missing"),
        (["--checkpoint", "no", "--dataset", "digits", "--index", 1], "no"),
        (
            ["--checkpoint", "digits-plain", "--image", "/nowhere.png", "--scale", 0.1],
            "there is no such file",
        ),
        (
            ["--checkpoint", "digits-gaussian-0.25", "--dataset", "digits", "--index", 1, "--device", "tpu9"],
            "device is 'tpu9'",
        ),
    ],
)
def test_the_shell_refuses_with_one_sentence_and_status_2(arguments, words):
    status, out, err = shell("certify", *arguments)
    assert status == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_the_process_leaves_with_the_status_of_the_shell():
    status, out, err = real_shell("certify", "--checkpoint", "no", "--dataset", "digits", "--index", 1)
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_the_shell_says_that_it_abstained_with_status_3():
    status, out, _ = shell(
        *("certify", "--checkpoint", "digits-plain", "--dataset", "digits", "--index", 0),
        *("--scale", 5, "--n", 300, "--json"),
    )
    assert status == 3
    assert json.loads(out)["abstained"] is True
    assert json.loads(out)["radius"] == 0
