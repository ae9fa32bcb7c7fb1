"""python -m rsviz evaluate: what it prints, what it keeps, what it refuses."""

import json

import pytest

from rsviz.cli import main
from rsviz.evaluation import read_log
from rsviz.tasks.evaluate import certificates, read_votes, summary

BASE = ("--checkpoint", "digits-gaussian-0.25", "--dataset", "digits", "--limit", 25, "--n0", 20, "--n", 200)
BASE += ("--batch", 64, "--precision", "float32", "--device", "cpu")


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run the command line with a home of its own; (exit status, standard output, standard error)."""
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RSVIZ_ENGINE", raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["evaluate", *map(str, arguments)])
        return stop.value.code, *capsys.readouterr()

    return call


def test_json_is_one_object_that_the_file_confirms(run, tmp_path):
    out = tmp_path / "votes.jsonl"
    status, text, _ = run(*BASE, "--out", out, "--radii", "0,0.1", "--log", tmp_path / "log.tsv", "--json")
    result = json.loads(text)
    votes = read_votes(out)
    proved = certificates(votes)
    assert status == 0
    assert result == {"out": str(out), **summary(votes, proved, radii=[0, 0.1]).to_json()}
    assert [entry["radius"] for entry in result["certified_accuracy"]] == [0, 0.1]
    assert read_log(tmp_path / "log.tsv")["radius"].tolist() == proved.radius.tolist()


def test_resumed_it_draws_nothing_and_reads_at_another_alpha_and_bound(run, tmp_path):
    out = tmp_path / "votes.jsonl"
    first = json.loads(run(*BASE, "--out", out, "--json")[1])
    before = out.read_bytes()
    assert run(*BASE, "--out", out)[0] == 2  # it is there, and --resume was not said
    second = json.loads(
        run(
            *BASE,
            "--out",
            out,
            "--resume",
            "--alpha",
            0.1,
            "--procedure",
            "cohen",
            "--bound",
            "li-l2",
            "--json",
        )[1]
    )
    assert out.read_bytes() == before
    assert (second["alpha"], second["procedure"], second["bound"]) == (0.1, "cohen", "li-l2")
    assert second["acr"] != first["acr"]


def test_without_out_the_file_lies_below_the_home_and_is_found_again(run, tmp_path):
    first = json.loads(run(*BASE, "--json")[1])
    assert first["out"].startswith(str(tmp_path / "home" / "evaluations"))
    assert json.loads(run(*BASE, "--resume", "--alpha", 0.05, "--json")[1])["out"] == first["out"]


def test_words_and_tables(run, tmp_path):
    out = tmp_path / "votes.jsonl"
    _, words, _ = run(*BASE, "--out", out)
    assert "25 images of digits" in words
    assert "average certified radius" in words
    _, table, _ = run(*BASE, "--out", out, "--resume", "--table", "markdown")
    assert table.startswith("| ℓ₂ radius | 0 | 0.25 |")
    _, table, _ = run(*BASE, "--out", out, "--resume", "--table", "latex")
    assert table.startswith("% needs") and r"\begin{tabular}" in table


def test_a_table_of_several_has_votes_and_logs_beside_each_other(run, tmp_path):
    out, log = tmp_path / "votes.jsonl", tmp_path / "their-log.tsv"
    run(*BASE, "--out", out, "--log", log)
    other = tmp_path / "other.jsonl"
    run(*BASE, "--seed", 1, "--out", other)
    again = (*BASE, "--out", out, "--resume", "--table", "markdown", "--beside", other, "--beside", log)
    status, table, _ = run(*again)
    assert status == 0
    names = [line.split(" | ")[0].strip("| ") for line in table.splitlines()[2:]]
    assert len(set(names)) == 3
    assert "their-log" in names and any("seed 1" in name for name in names)
    assert "**" in table


def test_beside_needs_a_table_of_one_norm(run, tmp_path):
    out, other = tmp_path / "votes.jsonl", tmp_path / "other.jsonl"
    assert run(*BASE, "--out", out, "--beside", __file__)[0] == 2
    run(*BASE, "--noise", "laplace", "--scale", 0.1, "--out", other)
    status, _, error = run(*BASE, "--out", out, "--table", "csv", "--beside", other)
    assert status == 2 and "a table has one norm" in error
    status, _, error = run(*BASE, "--out", out, "--resume", "--table", "csv", "--beside", __file__)
    assert status == 2 and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--radii", "0,x"), "no list of radii"),
        (("--radii", "-1"), "no list of radii"),
        (("--n", 0), "n is 0"),
        (("--skip", 0), "skip is 0"),
        (("--procedure", "magic"), "magic"),
        (("--engine", "steam"), "steam"),
        (("--workers", 0), "workers is 0"),
        (("--bound", "laplace-l1", "--limit", 2), "bound is 'laplace-l1'"),
        (("--dataset", "folder:nowhere"), "nowhere is no folder"),
    ],
)
def test_bad_input_is_one_sentence_and_status_two(run, arguments, sentence):
    status, out, err = run(*BASE, *arguments)
    assert (status, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
