"""A new bound is one file and one line in the table: shell, page and links then know it."""

import json

import pytest

from rsviz.bounds import BOUNDS, triangle
from rsviz.bounds.record import Bound
from tests.bounds import test_bounds_values as values
from tests.extensions.conftest import words

TOY = Bound(
    key="toy-l2",
    title="Toy, half of the tight one",
    colour="#123456",
    noise="gaussian",
    norm="l2",
    paper="A test",
    theorem="none",
    statement="Half of a radius that is proved is proved.",
    latex=r"\frac{\sigma}{4} \bigl(\Phi^{-1}(p_A) - \Phi^{-1}(p_B)\bigr)",
    scale_symbol=r"\sigma",
    formula=lambda p_a, p_b, scale: BOUNDS["cohen-l2"].formula(p_a, p_b, scale) / 2,
)


@pytest.fixture
def toy(register):
    return register(BOUNDS, TOY.key, TOY)


def test_it_is_in_the_shells_list_and_the_shell_computes_it(toy, shell):
    listed = {record["key"]: record for record in json.loads(shell("bounds", "list", "--json"))["bounds"]}
    assert listed["toy-l2"]["title"] == toy.title
    told = shell("bounds", "radius", "toy-l2", "--p-a", "0.9", "--p-b", "0.05", "--scale", "0.5")
    assert float(told) == float(BOUNDS["cohen-l2"].radius(0.9, 0.05, 0.5)) / 2


def test_its_link_shows_it_on_the_page_of_bounds(toy, open_page):
    app = open_page("bounds", b_bounds="cohen-l2,toy-l2")
    assert not app.exception and not app.error
    assert app.session_state["b_bounds"] == ["cohen-l2", "toy-l2"]
    assert any(toy.title in option for option in app.multiselect(key="b_bounds").options)
    assert toy.title in words(app)


def test_a_certificate_lists_its_radius(toy):
    from rsviz.bounds import radii

    found = radii("gaussian", 0.9, 0.05, 0.5)
    assert found["toy-l2"] == found["cohen-l2"] / 2


def test_it_passes_what_every_bound_has_to(toy):
    grid = triangle(401)
    on_grid = {key: bound.radius(*grid, scale=1.0, dim=values.DIM) for key, bound in BOUNDS.items()}
    values.test_no_rigorous_radius_exceeds_the_tight_one(toy, on_grid)
    values.test_radius_grows_with_p_a_and_falls_with_p_b_on_the_grid(toy.key, grid, on_grid)
    values.test_edges(toy.key)
    values.test_record_says_all_that_screen_and_shell_show(toy.key)
    values.test_the_table_is_complete_and_in_display_order()
    values.test_radii_lists_what_certifies_the_noise_with_the_tight_one_first()
