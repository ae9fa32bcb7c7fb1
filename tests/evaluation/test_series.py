"""Series: votes and logs beside each other, their names, tables and the command that makes them again."""

import shlex

import numpy as np
import pytest

from rsviz.bounds import BOUNDS
from rsviz.checkpoints import load_card
from rsviz.cli import main
from rsviz.evaluation import read_log, write_log
from rsviz.tasks.evaluate import certificates, read_votes, series_of_log, series_of_votes, shipped_votes
from rsviz.tasks.evaluate.series import distinct_names, radii_for, table
from rsviz.tasks.spellings import command_line


def shipped(name="digits-gaussian-0.25", bound=None, **reading):
    votes = shipped_votes()[name]
    return series_of_votes(votes.header, certificates(votes, **reading), bound)


@pytest.mark.parametrize("name", list(shipped_votes()))
def test_shipped_votes_are_whole_and_of_the_shipped_weights(name):
    votes = shipped_votes()[name]
    assert votes.header.weights_sha256 == load_card(name).weights_sha256
    assert len(votes.idx) == 500
    assert votes.complete.all() and not votes.cut
    assert (votes.counts.sum(1) == votes.header.request.n).all()


def test_a_bound_that_does_not_fit_gives_way_to_the_tight_one():
    tight, other, foreign = (shipped(bound=bound) for bound in (None, "li-l2", "laplace-l1"))
    assert (other.radius <= tight.radius).all() and (other.radius < tight.radius).any()
    assert np.array_equal(foreign.radius, tight.radius)
    assert tight.norm == BOUNDS["cohen-l2"].norm


def test_a_log_of_the_series_is_the_series(tmp_path):
    one = shipped()
    write_log(one.proved.log(), tmp_path / "log.tsv")
    log = series_of_log("a log", read_log(tmp_path / "log.tsv"))
    assert np.array_equal(log.accuracy([0, 0.3, 0.6]), one.accuracy([0, 0.3, 0.6]))
    assert log.acr == one.acr
    assert log.proved is None and log.dataset is None


def test_the_band_over_all_radii_is_the_wider_one():
    one, at = shipped(), np.linspace(0, 0.7, 8)
    low, high = one.band(at, "pointwise")
    lowest, highest = one.band(at, "simultaneous")
    accuracy = one.accuracy(at)
    middle = (accuracy > 0.1) & (accuracy < 0.9)
    assert ((low <= accuracy) & (accuracy <= high)).all()
    assert (lowest < low)[middle].all() and (highest > high)[middle].all()


def test_names_tell_what_differs_and_nothing_else():
    votes = shipped_votes()["digits-gaussian-0.25"]
    header, one = votes.header, shipped()
    more = header.model_copy(update={"request": header.request.model_copy(update={"n": 100_000})})
    assert distinct_names([one, shipped("digits-gaussian-0.50")], [header, header]) == [
        "digits-gaussian-0.25",
        "digits-gaussian-0.50",
    ]
    assert distinct_names([one, one], [header, more]) == [
        "digits-gaussian-0.25, n = 10,000",
        "digits-gaussian-0.25, n = 100,000",
    ]
    assert distinct_names([one, one], [header, header]) == [
        "digits-gaussian-0.25",
        "digits-gaussian-0.25 (2)",
    ]


def test_the_table_spans_what_is_certified():
    series = {"one": shipped(), "two": shipped("digits-gaussian-0.50")}
    radii = radii_for(list(series.values()))
    assert radii[0] == 0 and len(radii) <= 8
    largest = max(one.radius[one.correct].max() for one in series.values())
    assert radii[-1] >= largest > radii[-3]
    assert table(series, radii).rows["two"] == series["two"].accuracy(radii).tolist()


def test_the_command_draws_the_same_votes_again(tmp_path, capsys):
    votes = shipped_votes()["digits-smoothadv-0.25"]
    request = votes.header.request.model_copy(update={"limit": 3, "n": 500})
    words = shlex.split(command_line(request.read_with(0.01, "split"), "--bound", "li-l2"))
    assert words[:4] == ["python", "-m", "rsviz", "evaluate"]
    with pytest.raises(SystemExit) as stop:
        main([*words[3:], "--out", str(tmp_path / "votes.jsonl"), "--table", "csv"])
    assert stop.value.code == 0
    assert "digits-smoothadv-0.25" in capsys.readouterr().out
    drawn = read_votes(tmp_path / "votes.jsonl")
    assert (drawn.counts0 == votes.counts0[:3]).all()
