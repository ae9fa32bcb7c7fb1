"""python -m rsviz attack: what it prints, writes and refuses."""

import json

import numpy as np
import pytest

from rsviz.cli import main
from rsviz.tasks.attack import AttackProgress

QUICK = "--steps 4 --eot 4 --votes 100 --n 500 --batch 64 --precision float32 --device cpu"
ATTACK = f"attack --checkpoint digits-gaussian-0.25 --dataset digits --index 3 --epsilon 1 {QUICK}"


def run(text, capsys):
    with pytest.raises(SystemExit) as end:
        main(text.split())
    return end.value.code, *capsys.readouterr()


def test_one_json_object_with_all_that_was_found(capsys, tmp_path):
    saved = tmp_path / "attack.json"
    code, out, _ = run(f"{ATTACK} --out {tmp_path} --save {saved} --json", capsys)
    result = json.loads(out)
    assert code == 0
    wanted = {"attack", "norm", "epsilon", "eot", "steps", "seed", "distance_l2", "distance_linf"}
    assert wanted | {"verdict", "counts_before", "counts_after", "votes", "radii"} <= set(result)
    assert (result["eot"], result["steps"], result["epsilon"]) == (4, 4, 1.0)
    with np.load(tmp_path / "attack.npz") as arrays:
        assert arrays["adversarial"].dtype == np.float32
        delta = arrays["adversarial"].astype(float) - arrays["x"]
    assert np.linalg.norm(delta) == pytest.approx(result["distance_l2"])
    assert AttackProgress.from_json(saved.read_text()).result.counts_after == result["counts_after"]


def test_in_words_it_gives_verdict_and_radii(capsys):
    code, out, _ = run(ATTACK, capsys)
    assert code == 0
    assert out.startswith(("Changed", "Unchanged", "Abstained"))
    assert "cohen-l2" in out


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ("--epsilon 0", "epsilon is 0"),
        ("--epsilon -2", "epsilon is -2"),
        ("--target 8 --label 8", "the label itself"),
        ("--attack boundary", "(--eot) is no setting of boundary"),
        ("--attack transfer", "needs a surrogate"),
        ("--dataset mnist", "was trained on digits"),
        ("--label 12", "classes 0 to 9"),
        ("--checkpoint digits-plain", "please give a scale, 0 for f itself"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_2(changed, words, capsys):
    code, out, err = run(f"{ATTACK} {changed}", capsys)
    assert code == 2
    assert out == ""
    assert words in err
    assert len(err.strip().splitlines()) == 1


def test_scale_0_attacks_f(capsys):
    code, out, _ = run(f"{ATTACK} --scale 0 --json", capsys)
    result = json.loads(out)
    assert code == 0
    assert result["noise"] is None
    assert result["radii"] == {}
