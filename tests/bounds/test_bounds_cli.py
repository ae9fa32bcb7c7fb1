"""python -m rsviz bounds: what stands on standard output, and the exit status."""

import json

import numpy as np
import pytest

from rsviz.bounds import BOUNDS, triangle
from rsviz.cli import main


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["bounds", *arguments])
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


def test_list_gives_every_record(capsys):
    status, out, _ = run(capsys, "list", "--json")
    listed = json.loads(out)["bounds"]
    assert status == 0
    assert [record["key"] for record in listed] == list(BOUNDS)
    not_rigorous = {key for key, bound in BOUNDS.items() if not bound.rigorous}
    assert {"dmr-l2", "dmr-linf"} <= not_rigorous
    assert {record["key"] for record in listed if not record["rigorous"]} == not_rigorous
    status, out, _ = run(capsys, "list")
    assert status == 0
    assert len(out.splitlines()) == len(BOUNDS)


def test_radius_prints_every_digit_of_what_python_gives(capsys):
    arguments = ("--p-a", "0.9", "--p-b", "0.05", "--scale", "0.5")
    status, out, err = run(capsys, "radius", "li-l2", *arguments)
    assert (status, err) == (0, "")
    assert float(out) == float(BOUNDS["li-l2"].radius(0.9, 0.05, scale=0.5))


def test_radius_takes_parameters_a_dimension_and_another_norm(capsys):
    arguments = ("--p-a", "0.9", "--p-b", "0.05", "--scale", "0.5")
    _, out, err = run(capsys, "radius", "dmr-linf", *arguments, "--dim", "100", "--set", "c=3", "--json")
    assert json.loads(out)["radius"] == float(BOUNDS["dmr-linf"].radius(0.9, 0.05, scale=0.5, dim=100, c=3))
    assert "not a certificate" in err
    _, out, _ = run(capsys, "radius", "cohen-l2", *arguments, "--dim", "100", "--norm", "linf", "--json")
    told = json.loads(out)
    assert told["radius"] == pytest.approx(float(BOUNDS["cohen-l2"].radius(0.9, 0.05, scale=0.5)) / 10)
    assert told["converted"] is True


def test_infinity_is_valid_json(capsys):
    _, out, _ = run(capsys, "radius", "cohen-l2", "--p-a", "1", "--p-b", "0", "--scale", "1", "--json")
    assert json.loads(out)["radius"] == "inf"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("radius", "nobody", "--p-a", "0.9", "--p-b", "0.1", "--scale", "1"), "nobody"),
        (("radius", "cohen-l2", "--p-a", "1.5", "--p-b", "0.1", "--scale", "1"), "p_a"),
        (("radius", "cohen-l2", "--p-a", "nan", "--p-b", "0.1", "--scale", "1"), "p_a"),
        (("radius", "cohen-l2", "--p-a", "0.9", "--p-b", "0.1", "--scale", "0"), "scale"),
        (("radius", "cohen-l2", "--p-a", "0.9", "--p-b", "0.1"), "--scale"),
        (("radius", "gaussian-linf", "--p-a", "0.9", "--p-b", "0.1", "--scale", "1"), "dim"),
        (("radius", "dmr-l2", "--p-a", "0.9", "--p-b", "0.1", "--scale", "1", "--set", "c=x"), "--set"),
        (("radius", "dmr-l2", "--p-a", "0.9", "--p-b", "0.1", "--scale", "1", "--set", "k=1"), "k"),
        (("grid", "cohen-l2", "--scale", "1", "--steps", "1"), "steps"),
        (("grid", "cohen-l2", "--scale", "1", "--out", "grid.xlsx"), "--out"),
        (("grid", "cohen-l2", "dmr-l2", "--scale", "1", "--set", "k=1"), "k"),
    ],
)
def test_bad_input_ends_with_2_and_one_sentence(capsys, arguments, named):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert named in err
    assert len(err.strip().splitlines()) == 1


def test_grid_writes_the_same_numbers_as_csv_and_npz(capsys, tmp_path):
    arguments = ("grid", "cohen-l2", "dmr-l2", "--scale", "0.5", "--steps", "11", "--set", "c=2")
    p_a, p_b = triangle(11)
    expected = np.stack(
        [p_a, p_b, BOUNDS["cohen-l2"].radius(p_a, p_b, 0.5), BOUNDS["dmr-l2"].radius(p_a, p_b, 0.5, c=2)]
    )
    status, out, _ = run(capsys, *arguments)
    header, *rows = out.splitlines()
    assert status == 0
    assert header == "p_a,p_b,cohen-l2,dmr-l2"
    np.testing.assert_array_equal(np.array([[float(v) for v in row.split(",")] for row in rows]).T, expected)
    status, out, _ = run(capsys, *arguments, "--out", str(tmp_path / "grid.npz"), "--json")
    assert json.loads(out)["points"] == len(p_a)
    with np.load(tmp_path / "grid.npz") as stored:
        np.testing.assert_array_equal(np.stack([stored[name] for name in stored.files]), expected)
