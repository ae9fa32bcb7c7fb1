"""Stored votes read anew, and what is reported of a test set: definitions, orderings, coverage."""

import csv
import io
import itertools
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from rsviz.bounds import certifying
from rsviz.confidence import PROCEDURES, clopper_pearson_lower
from rsviz.errors import RsvizError
from rsviz.evaluation import (
    OUTCOMES,
    Table,
    accuracy_steps,
    average_certified_radius,
    certified_accuracy,
    certified_count,
    curves,
    envelope,
    false_certificates,
    outcomes,
    pointwise_band,
    read_log,
    simultaneous_band,
    write_log,
)
from rsviz.evaluation.tables import Origin
from rsviz.smoothing import certify
from rsviz.tasks.evaluate import EvaluateRequest, EvaluateResult, EvaluationVotes, certificates, summary
from rsviz.tasks.evaluate.votes import Header

CLASSES, N0, N = 10, 100, 1000


def votes(count, *, noise="gaussian", scale=0.5, seed=0, procedure="auto", n=N):
    """Votes of images whose class 0 has known probabilities; label 0, every tenth of them 1."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.3, 1, count)
    rest = np.broadcast_to((1 - p)[:, None] / (CLASSES - 1), (count, CLASSES - 1))
    chances = np.column_stack([p, rest])
    request = EvaluateRequest(
        checkpoint="nobody", dataset="digits", noise=noise, scale=scale, n0=N0, n=n, procedure=procedure
    )
    header = Header(
        request=request,
        name="nobody",
        weights_sha256="",
        classes=tuple("0123456789"),
        shape=(1, 8, 8),
        size=count,
        block=4096,
        plan={"device": "cpu", "precision": "float32", "batch": 64},
    )
    return EvaluationVotes(
        header=header,
        idx=np.arange(count),
        label=(np.arange(count) % 10 == 0).astype(np.int64),
        counts0=rng.multinomial(N0, chances).astype(np.int32),
        counts=rng.multinomial(n, chances).astype(np.int32),
        drawn=np.full(count, n),
        seconds=np.full(count, 0.25),
    )


def test_cohens_radius_is_the_one_of_the_paper():
    some = votes(300)
    proved = certificates(some, alpha=0.001, procedure="cohen")
    top = some.counts0.argmax(1)
    lower = clopper_pearson_lower(some.counts[np.arange(300), top], N, 0.001)
    expected = np.where(lower > 0.5, 0.5 * ndtri(lower), 0.0)
    assert proved.radius == pytest.approx(expected, abs=1e-12)
    assert (proved.predicted == np.where(lower > 0.5, top, -1)).all()


@pytest.mark.parametrize("noise", ["gaussian", "laplace", "linf-exponential", "uniform"])
@pytest.mark.parametrize("procedure", [key for key, each in PROCEDURES.items() if each.valid])
def test_every_valid_procedure_and_every_bound_reads_the_same_votes(noise, procedure):
    some = votes(60, noise=noise)
    proved = certificates(some, alpha=0.01, procedure=procedure)
    assert list(proved.radii) == [bound.key for bound in certifying(noise)]
    for row in (0, 17, 59):
        p_a, p_b = PROCEDURES[procedure].limits(some.counts[row], some.counts0[row].argmax(), 0.01)
        assert proved.p_a_lower[row] == pytest.approx(p_a, abs=1e-9)
        for bound in certifying(noise):
            alone = bound.radius(p_a, p_b, scale=0.5, dim=64) if p_a > p_b else 0.0
            assert proved.radii[bound.key][row] == pytest.approx(float(alone), abs=1e-6)
    assert (proved.radius >= 0).all()
    assert ((proved.predicted >= 0) | (proved.radius == 0)).all()


def test_a_larger_alpha_never_gives_less():
    some = votes(200)
    radii = [certificates(some, alpha=alpha).radius for alpha in (1e-4, 1e-3, 0.01, 0.1)]
    for less, more in itertools.pairwise(radii):
        assert (less <= more).all()
        assert (less < more).any()


def test_reading_in_pieces_changes_nothing(monkeypatch):
    whole = certificates(votes(100))
    monkeypatch.setattr(certify, "COUNTS_AT_ONCE", 70)
    pieces = certificates(votes(100))
    assert np.array_equal(whole.radius, pieces.radius)


def test_unknown_procedures_and_bounds_are_refused():
    some = votes(5)
    for procedure in ("magic", next(key for key, each in PROCEDURES.items() if not each.valid)):
        with pytest.raises(RsvizError, match="procedure is"):
            certificates(some, procedure=procedure)
    with pytest.raises(RsvizError, match="bound is 'laplace-l1'"):
        certificates(some).radius_of("laplace-l1")
    with pytest.raises(RsvizError, match="alpha"):
        certificates(some, alpha=2)


def test_our_votes_leave_as_a_log_of_the_field(tmp_path):
    proved = certificates(votes(80))
    write_log(proved.log("cohen-l2"), tmp_path / "log.tsv")
    frame = read_log(tmp_path / "log.tsv")
    assert frame["radius"].to_numpy().tobytes() == proved.radius_of("cohen-l2").tobytes()
    assert frame["correct"].tolist() == proved.correct.tolist()
    assert (frame["time"] == 0.25).all()


def test_a_summary_is_json_and_says_what_its_numbers_mean():
    some = votes(100)
    proved = certificates(some)
    result = json.loads(json.dumps(summary(some, proved).to_json()))
    assert EvaluateResult.from_json(result) == summary(some, proved)
    assert result["images"] == result["of"] == 100
    assert result["bound"] == "cohen-l2"
    assert result["procedure"] == "split"
    shares = [entry["accuracy"] for entry in result["certified_accuracy"]]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == proved.correct.mean()
    assert result["abstained"] + result["wrong"] + result["certified_accuracy"][0]["images"] == 100
    for entry in result["certified_accuracy"]:
        assert entry["band"][0] <= entry["accuracy"] <= entry["band"][1]


RADII = st.lists(st.tuples(st.floats(0, 4), st.booleans()), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(images=RADII, at=st.lists(st.floats(0, 5), min_size=1, max_size=10))
def test_certified_accuracy_is_its_definition(images, at):
    radius, correct = map(np.array, zip(*images, strict=True))
    expected = [np.mean([right and r >= level for r, right in images]) for level in at]
    assert certified_accuracy(radius, correct, at) == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(images=RADII, most=st.integers(2, 10))
def test_the_drawn_curve_is_the_true_one_and_its_area_the_average_radius(images, most):
    radius, correct = map(np.array, zip(*images, strict=True))
    r, share = accuracy_steps(radius, correct)
    assert r[0] == 0
    assert (np.diff(r) > 0).all()
    area = (np.diff(r) * share[1:]).sum()
    assert area == pytest.approx(average_certified_radius(radius, correct))
    few, shares = accuracy_steps(radius, correct, max_points=most)
    assert len(few) <= most
    levels = np.linspace(0, few[-1], 50)
    drawn = shares[np.searchsorted(few, levels)]
    assert (drawn <= certified_accuracy(radius, correct, levels) + 1e-12).all()


def test_the_envelope_is_the_best_curve_at_each_radius():
    best, which = envelope([[0.9, 0.5, 0.0], [0.8, 0.6, 0.3]])
    assert best.tolist() == [0.9, 0.6, 0.3]
    assert which.tolist() == [0, 1, 1]


def test_bands_cover_the_population_as_often_as_they_promise():
    """2,000 test sets of 100 images whose true curve is known: radii uniform on [0, 1], 80% right."""
    rng, runs, images, alpha = np.random.default_rng(0), 2000, 100, 0.1
    at = np.linspace(0, 1, 21)
    truth = 0.8 * (1 - at)
    missed_at, missed_anywhere = np.zeros(len(at)), 0
    for _ in range(runs):
        count = certified_count(rng.uniform(0, 1, images), rng.random(images) < 0.8, at)
        low, high = pointwise_band(count, images, alpha)
        missed_at += (truth < low) | (truth > high)
        low, high = simultaneous_band(count, images, alpha)
        missed_anywhere += ((truth < low - 1e-12) | (truth > high + 1e-12)).any()
    allowed = runs * alpha + 3 * np.sqrt(runs * alpha * (1 - alpha))
    assert (missed_at <= allowed).all()
    assert 0 < missed_anywhere <= allowed


def test_how_many_certificates_may_be_false():
    assert false_certificates(10_000, 0.001) == 15  # binomial(10,000, 0.001): P(X <= 15) = 0.951
    assert false_certificates(1, 0.001) == 0
    rng = np.random.default_rng(0)
    assert (rng.binomial(500, 0.01, 20_000) <= false_certificates(500, 0.01)).mean() >= 0.95


def test_every_image_has_one_outcome():
    found = outcomes([1, 1, 2, -1, -1], [1, 1, 1, 1, 0], [0.5, 0.2, 3.0, 0.0, 0.0], at=0.3)
    assert found.tolist() == [OUTCOMES[0], OUTCOMES[1], OUTCOMES[2], OUTCOMES[3], OUTCOMES[3]]
    assert outcomes([-1], [0], [0.0], at=0).tolist() == [curves.ABSTAINED]


@pytest.mark.parametrize("radius", [[], [-0.1], [np.nan], [[0.1]]])
def test_what_are_no_radii_is_refused(radius):
    with pytest.raises(RsvizError, match="radius"):
        certified_count(radius, np.ones(np.shape(radius), bool), 0.5)


TABLE = Table(
    radii=(0, 0.5),
    rows={"σ = 0.25": (0.6700001, 0.4896), "σ_0.50 & 50%": (0.57, 0.48999), "|none|": (0.0, None)},
    acr={"σ = 0.25": 0.4999, "σ_0.50 & 50%": 0.6},
)


def test_markdown_has_the_best_of_each_column_in_bold():
    assert TABLE.markdown().splitlines() == [
        "| ℓ₂ radius | 0 | 0.5 | ACR |",
        "| --- | ---: | ---: | ---: |",
        "| σ = 0.25 | **67.0** | **48.9** | 0.499 |",
        "| σ_0.50 & 50% | 57.0 | **48.9** | **0.600** |",
        r"| \|none\| | 0.0 | – | – |",
    ]


def test_latex_is_escaped_and_has_as_many_columns_as_cells():
    text = TABLE.latex()
    assert r"\begin{tabular}{lrrr}" in text
    assert r"$\sigma$\_0.50 \& 50\%" in text
    assert text.isascii()  # any LaTeX compiles it
    assert r"\textbf{67.0}" in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {3}


PRINTED = Table(
    radii=(0, 0.5),
    rows={"mine, a=1": (0.5, 0.2), "theirs": (0.4, 0.1), "ADRE_REG, σ = 0.25": (0.9, None)},
    acr={"mine, a=1": 0.3, "theirs": 0.2},
    published={"ADRE_REG, σ = 0.25": Origin("Feng et al. 2020, Table 1", "feng2020regularized")},
    logs=["theirs"],
)


def test_published_rows_are_marked_in_every_format_and_never_the_best():
    assert PRINTED.markdown().splitlines()[2:] == [
        "| mine, a=1 | **50.0** | **20.0** | **0.300** | computed here |",
        "| theirs | 40.0 | 10.0 | 0.200 | from a log |",
        "| ADRE_REG, σ = 0.25 | 90.0 | – | – | published: Feng et al. 2020, Table 1 |",
    ]
    text = PRINTED.latex()
    assert r"ADRE\_REG, $\sigma$ = 0.25 & 90.0 & -- & -- & published, \cite{feng2020regularized} \\" in text
    assert r"\begin{tabular}{lrrrl}" in text and text.isascii()
    head, mine, theirs, printed = csv.reader(io.StringIO(PRINTED.csv()))
    assert head == ["name", "0", "0.5", "ACR", "kind", "source", "bibtex"]
    assert mine[:5] == ["mine, a=1", "0.5", "0.2", "0.3", "computed here"] and theirs[4] == "from a log"
    assert printed[1:] == ["0.9", "", "", "published", "Feng et al. 2020, Table 1", "feng2020regularized"]


def test_rows_of_other_images_are_not_compared():
    table = Table((0,), {"a": (0.5,), "b": (0.9,), "c": (0.4,)}, {}, ranked=["a", "c"])
    assert [line.split("|")[2].strip() for line in table.markdown().splitlines()[2:]] == [
        "**50.0**",
        "90.0",
        "40.0",
    ]


@given(name=st.text(max_size=12))
def test_a_name_never_breaks_a_table(name):
    table = Table((0,), {name: (0.5,)}, {})
    *_, line = table.markdown().splitlines()
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
    row = next(line for line in table.latex().splitlines() if line.endswith(r"50.0} \\"))
    assert len(re.findall(r"(?<!\\)&", row)) == 1
    assert not re.search(r"(?<!\\)[%#]", row)


def test_csv_reads_back_to_the_very_numbers():
    head, *rows = csv.reader(io.StringIO(TABLE.csv()))
    assert head == ["name", "0", "0.5", "ACR"]
    assert [float(cell) for cell in rows[0][1:]] == [0.6700001, 0.4896, 0.4999]
    assert rows[2] == ["|none|", "0.0", "", ""]
    assert Table((0,), {"=SUM(A1)": (0.5,)}, {}).csv().splitlines()[1] == "'=SUM(A1),0.5"


@given(share=st.floats(0, 1))
def test_a_share_in_a_table_never_exceeds_the_measured_one(share):
    cell = Table((0,), {"a": (share,)}, {}).markdown().splitlines()[-1].split("|")[2].strip(" *")
    assert float(cell) <= 100 * share + 1e-6
    assert float(cell) > 100 * share - 0.1 - 1e-6


def test_tables_refuse_what_does_not_fit():
    with pytest.raises(RsvizError, match="2 radii"):
        Table((0, 1), {"a": (0.5,)}, {})
    with pytest.raises(RsvizError, match="outside"):
        Table((0,), {"a": (50,)}, {})
