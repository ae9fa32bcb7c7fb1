"""python -m rsviz distribution: what it prints and stores, and its one sentence for bad input."""

import json

import pytest

from rsviz.cli import EXIT_BAD_INPUT, main
from rsviz.tasks.population import PopulationRequest

BASE = "distribution --images 12 --gammas 2,8 --k 2 --r 2 --measured 4 --n 50 --n0 10"
PLAIN = " --device cpu --precision float32 --batch 64"


def call(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main((BASE + PLAIN + " " + arguments).split())
    return end.value.code, *capsys.readouterr()


def test_json_has_the_request_and_every_curve(capsys, tmp_path):
    path = tmp_path / "found.json"
    arguments = f"--checkpoint digits-nal-0.25 --checkpoint digits-wrm --rho 0,0.5 --json --save {path}"
    code, out, err = call(capsys, arguments)
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert [(one["checkpoint"], one["scale"]) for one in found["curves"]] == [
        (name, scale) for name in ("digits-nal-0.25", "digits-wrm") for scale in (0.0, 0.25)
    ]  # WRM was trained without noise
    for one in found["curves"]:
        assert [entry["rho"] for entry in one["at"]] == [0.0, 0.5]
        assert one["at"][0]["certificate"] <= one["at"][1]["certificate"]
    stored = json.loads(path.read_text())
    assert PopulationRequest.make(**stored["request"]).model_dump(mode="json") == found["request"]
    assert [one["certificate"] for one in stored["curves"]] == [one["certificate"] for one in found["curves"]]


def test_people_get_a_table_and_what_is_false(capsys):
    code, out, _ = call(capsys, "--checkpoint digits-nal-0.25 --rho 0.25")
    assert code == 0
    assert "digits-nal-0.25, noise of scale 0.25, 12 images, K = 2, r = 2" in out
    assert "rho 0.25 (attacks of size 0.5): certificate" in out
    assert "Theorem 1 as printed is below a loss that was reached for rho from 0 to" in out
    assert "certified for the right class" in out
    assert out.count("not proved") == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--checkpoint digits-nal-0.25 --gammas 0", "gammas"),
        ("--checkpoint digits-nal-0.25 --rho -1", "rho is -1; it must be at least 0."),
        ("--checkpoint digits-nal-0.25 --k 0", "K"),
        ("--checkpoint digits-nal-0.25 --k 1.5", "whole numbers"),
        ("--checkpoint digits-nal-0.25 --gammas 1;2", "no list of numbers"),
        ("--checkpoint digits-nal-0.25 --need-proof", "which has no bound"),
        ("--checkpoint no-such", "no-such"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_runs(capsys, arguments, words):
    code, out, err = call(capsys, arguments)
    assert (code, out) == (EXIT_BAD_INPUT, "")
    assert err.startswith("rsviz: ") and err.count("\n") == 1
    assert words in err
