"""The bounds against a 50-digit implementation, against each other, and at the edges of their domain."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import laplace, norm

from rsviz.bounds import BOUNDS, certifying, radii, tight_bound, triangle
from rsviz.errors import RsvizError
from rsviz.norms import conversion

REFERENCE = json.loads((Path(__file__).parent / "reference_values.json").read_text())["bounds"]
DIM = 784
RIGOROUS = [bound for bound in BOUNDS.values() if bound.rigorous]
SUPREMA = {"li-l2", "renyi-l2", "pixeldp-l2", "zcdp-l2"}


@pytest.fixture(scope="module")
def grid():
    return triangle(401)


@pytest.fixture(scope="module")
def on_grid(grid):
    return {key: bound.radius(*grid, scale=1.0, dim=DIM) for key, bound in BOUNDS.items()}


@pytest.mark.parametrize("key", REFERENCE)
def test_radius_equals_the_reference_value(key):
    for point in REFERENCE[key]:
        arguments = {name: value for name, value in point.items() if name != "radius"}
        near_one = key in SUPREMA and 1 - point["p_a"] <= 1e-11
        radius = float(BOUNDS[key].radius(**arguments))
        assert radius == pytest.approx(float(point["radius"]), rel=1e-6 if near_one else 1e-9, abs=0), point


def test_the_table_is_complete_and_in_display_order():
    gaussian = ["cohen-l2", "renyi-l2", "li-l2", "pixeldp-l2", "dmr-l2", "zcdp-l2"]
    laplace_noise = ["laplace-l1", "teng-l1", "li-l1", "pixeldp-l1"]
    in_linf = ["exponential-linf", "dinf-linf", "gaussian-linf", "dmr-linf"]
    known = [*gaussian, *laplace_noise, *in_linf, "uniform-l1"]
    assert [key for key in BOUNDS if key in known] == known
    assert {key for key in known if not BOUNDS[key].rigorous} == {"dmr-l2", "dmr-linf"}


@pytest.mark.parametrize("bound", RIGOROUS, ids=lambda bound: bound.key)
def test_no_rigorous_radius_exceeds_the_tight_one(bound, on_grid):
    tight = on_grid[tight_bound(bound).key]
    with np.errstate(invalid="ignore"):  # inf - inf where p_b = 0
        assert not (on_grid[bound.key] > tight * (1 + 1e-12)).any()


def test_the_published_orderings_hold_where_they_are_true(grid, on_grid):
    p_a, p_b = grid
    assert (on_grid["renyi-l2"] >= on_grid["li-l2"]).all()
    assert (on_grid["teng-l1"] == np.maximum(on_grid["li-l1"], on_grid["pixeldp-l1"])).all()
    plotted = (p_a + p_b >= 0.2) & (p_a > p_b)
    assert (on_grid["li-l2"][plotted] > on_grid["pixeldp-l2"][plotted]).all()
    corner = (p_a + p_b < 0.11 + 1e-9) & (p_b > 0) & (p_a > p_b)
    assert (on_grid["li-l2"][corner] < on_grid["pixeldp-l2"][corner]).sum() == 214


def test_dmr_exceeds_the_tight_radius_so_it_is_no_certificate(grid, on_grid):
    inside = (grid[1] > 0) & (grid[0] > grid[1])
    exceeds = on_grid["dmr-l2"][inside] > on_grid["cohen-l2"][inside]
    assert exceeds.sum() == 9046
    assert inside.sum() == 39800
    wide = BOUNDS["dmr-l2"].radius(grid[0][inside], grid[1][inside], c=3)
    assert (wide > on_grid["cohen-l2"][inside]).sum() == 4


@pytest.mark.parametrize("key", BOUNDS)
def test_radius_grows_with_p_a_and_falls_with_p_b_on_the_grid(key, grid, on_grid):
    square = np.full((401, 401), np.nan)
    b, a = np.rint(grid[1] * 400).astype(int), np.rint(grid[0] * 400).astype(int)
    square[b, a] = on_grid[key]
    with np.errstate(invalid="ignore"):
        assert not (square[:, 1:] < square[:, :-1] * (1 - 1e-11)).any()
        assert not (square[1:] > square[:-1] * (1 + 1e-11)).any()


points = st.tuples(
    st.floats(1e-9, 1) | st.floats(1e-14, 0.5).map(lambda gap: 1 - gap),
    st.floats(0, 1) | st.floats(1e-12, 1e-3).map(lambda gap: 1 - gap),
).map(lambda pair: (pair[0], pair[1] * min(pair[0], 1 - pair[0])))


@given(points, st.floats(1e-3, 1e3), st.sampled_from(list(BOUNDS)))
@settings(max_examples=300, deadline=None)
def test_radius_is_linear_in_scale(point, scale, key):
    unit = BOUNDS[key].radius(*point, scale=1.0, dim=DIM)
    assert BOUNDS[key].radius(*point, scale=scale, dim=DIM) == pytest.approx(float(unit) * scale, rel=1e-12)


@given(points, st.floats(0, 1), st.floats(0, 1), st.sampled_from(list(BOUNDS)))
@settings(max_examples=300, deadline=None)
def test_more_votes_for_the_top_class_never_shrink_the_radius(point, share, keep, key):
    p_a, p_b = point
    better = BOUNDS[key].radius(p_a + share * (1 - p_a - p_b) * (1 - 1e-9), p_b * keep, dim=DIM)
    assert better >= BOUNDS[key].radius(p_a, p_b, dim=DIM) * (1 - 1e-9)


@given(points, st.sampled_from(RIGOROUS))
@settings(max_examples=300, deadline=None)
def test_tight_radius_is_never_exceeded_at_random_points(point, bound):
    tight = tight_bound(bound).radius(*point, dim=DIM)
    assert bound.radius(*point, dim=DIM) <= tight * (1 + 1e-9)


@pytest.mark.parametrize(
    ("key", "law"), [("cohen-l2", norm), ("laplace-l1", laplace), ("exponential-linf", laplace)]
)
def test_worst_case_classifier_ties_exactly_at_the_tight_radius(key, law):
    for p_a, p_b in [(0.9, 0.05), (0.6, 0.4), (0.3, 0.1), (0.004, 0.002)]:
        radius = float(BOUNDS[key].radius(p_a, p_b))
        # A = {z <= s}, B = {z >= t} with these probabilities; the input moves by the radius towards B
        assert law.cdf(law.ppf(p_a) - radius) == pytest.approx(law.sf(law.isf(p_b) - radius), rel=1e-9)


def test_li_equals_a_scalar_optimiser_and_its_order_lies_in_the_stated_interval():
    bound = BOUNDS["li-l2"]
    generator = np.random.default_rng(3)
    for p_a in generator.uniform(0.05, 0.99, 25):
        p_b = generator.uniform(0.01, 1) * min(p_a, 1 - p_a)

        def minus_square(alpha, p_a=p_a, p_b=p_b):
            mean = ((p_a ** (1 - alpha) + p_b ** (1 - alpha)) / 2) ** (1 / (1 - alpha))
            return 2 / alpha * np.log(1 - p_a - p_b + 2 * mean)

        found = minimize_scalar(
            minus_square, bounds=(1 + 1e-9, 3), method="bounded", options={"xatol": 1e-10}
        )
        assert float(bound.radius(p_a, p_b)) == pytest.approx(np.sqrt(-found.fun), rel=1e-7)
        assert 1 <= bound.optimum(np.array(p_a), np.array(p_b), 1.0)[r"\alpha"] <= 1.5


@pytest.mark.parametrize("key", BOUNDS)
def test_edges(key):
    bound = BOUNDS[key]
    assert bound.radius(0.3, 0.3, dim=DIM) == 0
    assert bound.radius(0.0, 0.0, dim=DIM) == 0
    assert bound.radius(0.5, 0.5, dim=DIM) == 0
    assert bound.radius(0.2, 0.19, dim=DIM) > 0
    assert bound.radius(1 - 1e-12, 1e-12, dim=DIM) > 0
    for point in [(1.0, 0.0), (1.0, 1e-13), (0.5, 0.0), (5e-324, 0.0), (1e-300, 1e-310), (0.5, 5e-324)]:
        radius = bound.radius(*point, dim=DIM)
        assert not np.isnan(radius)
        assert radius >= 0


@pytest.mark.parametrize("key", ["cohen-l2", "laplace-l1", "teng-l1", "exponential-linf", "gaussian-linf"])
def test_radius_is_infinite_where_the_runner_up_is_impossible(key):
    assert np.isinf(BOUNDS[key].radius(0.7, 0.0, dim=DIM))


def test_radius_keeps_its_digits_next_to_the_diagonal():
    p_b, gap = 0.3, 2.0**-40
    slope = 1 / norm.pdf(norm.ppf(p_b))
    assert float(BOUNDS["cohen-l2"].radius(p_b + gap, p_b)) == pytest.approx(gap * slope / 2, rel=1e-10)
    assert float(BOUNDS["laplace-l1"].radius(p_b + gap, p_b)) == pytest.approx(gap / p_b / 2, rel=1e-10)


def test_shapes_broadcast_and_results_are_float64():
    p_a, p_b = np.linspace(0.5, 0.9, 5, dtype=np.float32)[:, None], np.linspace(0, 0.1, 3)
    for bound in BOUNDS.values():
        radius = bound.radius(p_a, p_b, scale=[0.5, 1.0, 2.0], dim=DIM)
        assert radius.shape == (5, 3)
        assert radius.dtype == np.float64
        assert bound.radius([], []).shape == (0,) if not bound.needs_dim else True


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"p_a": 1.2, "p_b": 0.1}, "p_a"),
        ({"p_a": -0.1, "p_b": -0.2}, "p_a"),
        ({"p_a": 0.5, "p_b": float("nan")}, "p_b"),
        ({"p_a": [0.5, float("nan")], "p_b": 0.1}, "p_a"),
        ({"p_a": 0.2, "p_b": 0.3}, "p_b"),
        ({"p_a": 0.8, "p_b": 0.3}, "p_b"),
        ({"p_a": 0.8, "p_b": 0.1, "scale": 0}, "scale"),
        ({"p_a": 0.8, "p_b": 0.1, "scale": -1}, "scale"),
        ({"p_a": 0.8, "p_b": 0.1, "scale": float("inf")}, "scale"),
        ({"p_a": 0.8, "p_b": 0.1, "scale": float("nan")}, "scale"),
        ({"p_a": 0.8, "p_b": 0.1, "dim": 0}, "dim"),
        ({"p_a": 0.8, "p_b": 0.1, "dim": 2.5}, "dim"),
        ({"p_a": 0.8, "p_b": 0.1, "dim": float("nan")}, "dim"),
        ({"p_a": "high", "p_b": 0.1}, "p_a"),
        ({"p_a": 0.8, "p_b": None}, "p_b"),
        ({"p_a": 0.8, "p_b": 0.1 + 0.1j}, "p_b"),
        ({"p_a": [0.8, 0.7], "p_b": [0.1, 0.1, 0.1]}, "p_a, p_b"),
        ({"p_a": 0.8, "p_b": 0.1, "beta": 2}, "beta"),
    ],
)
@pytest.mark.parametrize("key", ["cohen-l2", "li-l2", "dmr-linf"])
def test_bad_input_is_one_sentence_that_names_the_argument(key, arguments, named):
    with pytest.raises(ValueError, match=f"^{named}") as caught:
        BOUNDS[key].radius(**({"dim": 10} | arguments))
    assert isinstance(caught.value, RsvizError)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_parameters_outside_their_range_and_a_missing_dimension_are_refused():
    for value in (-1, 11, float("nan"), [1, 2], "three"):
        with pytest.raises(RsvizError, match=r"^c is"):
            BOUNDS["dmr-l2"].radius(0.9, 0.1, c=value)
    with pytest.raises(RsvizError, match=r"^dim is missing"):
        BOUNDS["gaussian-linf"].radius(0.9, 0.1)


def test_p_a_plus_p_b_may_exceed_one_by_rounding_only():
    assert BOUNDS["cohen-l2"].radius(0.7, 0.3 + 5e-13) > 0
    with pytest.raises(RsvizError, match=r"^p_b"):
        BOUNDS["cohen-l2"].radius(0.7, 0.3 + 3e-12)


@pytest.mark.parametrize("ball", ["l1", "l2", "linf"])
@pytest.mark.parametrize("norm_name", ["l1", "l2", "linf"])
def test_converted_ball_lies_inside_and_touches(norm_name, ball):
    dim = 7
    order = {"l1": 1, "l2": 2, "linf": np.inf}
    factor = conversion(norm_name, ball, dim)
    directions = np.random.default_rng(0).standard_normal((500, dim))
    extremes = np.vstack([directions, np.ones((1, dim)), np.eye(dim)])
    on_sphere = extremes / np.linalg.norm(extremes, order[ball], axis=1, keepdims=True)
    longest = np.linalg.norm(on_sphere * factor, order[norm_name], axis=1).max()
    assert longest == pytest.approx(1.0, rel=1e-12)


def test_conversion_asks_for_the_dimension_only_where_it_matters():
    assert conversion("linf", "l1") == 1
    with pytest.raises(RsvizError, match=r"^dim is missing"):
        conversion("l2", "linf")
    with pytest.raises(RsvizError, match=r"^other"):
        conversion("l2", "l3", 5)


def test_radii_lists_what_certifies_the_noise_with_the_tight_one_first():
    found = radii("gaussian", 0.9, 0.05, 0.5, 3072)
    assert next(iter(found)) == "cohen-l2"
    assert {"cohen-l2", "renyi-l2", "li-l2", "pixeldp-l2", "zcdp-l2", "gaussian-linf"} <= set(found)
    assert set(found) == {
        key for key, bound in BOUNDS.items() if bound.noise == "gaussian" and bound.rigorous
    }
    assert found["gaussian-linf"] == pytest.approx(found["cohen-l2"] / np.sqrt(3072))
    assert "gaussian-linf" not in radii("gaussian", 0.9, 0.05, 0.5)
    for noise in ("laplace", "linf-exponential", "uniform"):
        assert next(iter(radii(noise, 0.9, 0.05, 0.5))) == certifying(noise)[0].key
        assert certifying(noise)[0].tight
    with pytest.raises(RsvizError, match=r"^noise"):
        certifying("cauchy")


@pytest.mark.parametrize("key", BOUNDS)
def test_record_says_all_that_screen_and_shell_show(key):
    bound = BOUNDS[key]
    for text in (bound.title, bound.paper, bound.theorem, bound.statement, bound.latex, bound.domain):
        assert text
    assert bound.norm == key.rsplit("-", 1)[1]
    for p_a, p_b in [(0.9, 0.05), (0.4, 0.0), (0.3, 0.3), (1.0, 0.0), (0.99999999, 1e-12)]:
        filled = bound.filled(p_a, p_b, 0.25, DIM)
        for symbol in ("p_A", "p_B", r"\sigma", r"\lambda", r"\alpha", r"\delta", r"\rho", r"\varepsilon"):
            if 0 < float(bound.radius(p_a, p_b, 0.25, DIM)) < np.inf:
                assert symbol not in filled


def test_importing_the_bounds_loads_neither_torch_nor_streamlit():
    heavy = {"torch", "streamlit", "pandas", "click"}
    code = f"import sys, rsviz.bounds; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
