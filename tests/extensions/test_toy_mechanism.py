"""A new mechanism is one file and one line, and so is its bound: shell, pages and links then know it."""

import json

import pytest

from rsviz.bounds import BOUNDS
from rsviz.bounds.record import Bound
from rsviz.noise import NOISES, Noise, Uniform
from tests.extensions.conftest import words
from tests.noise import test_draws as draws
from tests.noise import test_least_probability as least
from tests.noise import test_mechanisms as properties
from tests.noise import test_noise_figures as pictures
from tests.noise import test_noise_size as sizes


class Toy(Noise):
    """Uniform on [-2 tau, 2 tau]: it ends, as no formula for the others would guess."""

    key = "toy"
    title = "Toy"
    norm = "l1"
    symbol = "τ"
    latex = r"\tau"
    level_norm = "linf"

    @property
    def _twin(self):
        return Uniform(2 * self.scale)

    def sample(self, shape, generator, out=None):
        return self._twin.sample(shape, generator, out)

    def draw(self, shape, rng):
        return self._twin.draw(shape, rng)

    def log_density(self, z):
        return self._twin.log_density(z)

    def level_size(self, share):
        return self._twin.level_size(share)

    def deviation(self, dim):
        return self._twin.deviation(dim)

    def marginal_density(self, t, dim):
        return self._twin.marginal_density(t, dim)

    def marginal_cdf(self, t, dim):
        return self._twin.marginal_cdf(t, dim)

    @staticmethod
    def unit_norm(norm, dim):
        return 2 * Uniform.unit_norm(norm, dim)

    def linf_quantile(self, q, dim):
        return self._twin.linf_quantile(q, dim)

    @staticmethod
    def _after_shift(p_a, moved):
        return Uniform._after_shift(p_a, moved / 2)


TOY_L1 = Bound(
    key="toy-l1",
    title="Toy, tight",
    colour="#123456",
    noise="toy",
    norm="l1",
    paper="A test",
    theorem="that of uniform noise",
    statement="A shift by δ moves at most ‖δ‖₁ / (4 τ) of the cube out of itself.",
    latex=r"2 \tau\,(p_A - p_B)",
    scale_symbol=r"\tau",
    formula=lambda p_a, p_b, scale: 2 * scale * (p_a - p_b),
    tight=True,
)

CERTIFY = ("certify", "--checkpoint", "digits-gaussian-0.50", "--dataset", "digits", "--index", "0")


@pytest.fixture
def toy(register):
    register(BOUNDS, TOY_L1.key, TOY_L1)
    return register(NOISES, Toy.key, Toy)


def test_the_shell_offers_it_and_certifies_under_it(toy, shell):
    assert "toy" in shell("certify", "--help")
    certificate = json.loads(shell(*CERTIFY, "--n", "2000", "--noise", "toy", "--scale", "0.1", "--json"))
    assert (certificate["noise"], certificate["norm"]) == ("toy", "l1")
    limits = certificate["p_a_lower"], certificate["p_b_upper"]
    assert certificate["radius"] == certificate["radii"]["toy-l1"] == TOY_L1.radius(*limits, 0.1) > 0


def test_the_page_of_mechanisms_draws_it_in_every_view(toy, open_page):
    for view in ("density", "pixel", "growth", "radius", "numbers"):
        app = open_page("noise", n_view=view)
        assert not app.exception and not app.error
        assert f"**Toy**  \n:small[τ = {0.25 * 3**0.5 / 2:.3g}]" in words(app)
        assert len(app.get("image")) == 1 + len(NOISES)
        if view in ("density", "pixel", "growth"):
            assert any("#123456" in chart.proto.spec for chart in app.get("vega_lite_chart"))
    assert "Toy" in app.table[0].value.columns


def test_a_link_to_certify_restores_it(toy, open_page):
    app = open_page("certify", noise="toy", sigma="0.1")
    assert not app.exception and not app.error
    assert app.session_state["noise"] == "toy"
    assert any("τ" in field.label for kind in ("slider", "number_input") for field in app.get(kind))


@pytest.mark.parametrize("draw", [properties.by_torch, properties.by_numpy])
def test_its_draws_have_its_distribution(toy, draw):
    for dim in (1, 2, 30):
        properties.test_one_coordinate_of_the_draws_has_the_marginal_distribution(toy.key, dim, draw)
        properties.test_the_largest_coordinate_has_its_quantiles(toy.key, dim, draw)
    for norm in properties.NORMS:
        properties.test_sampled_norms_agree_with_the_exact_expectation(toy.key, 64, norm, draw)


def test_it_passes_what_every_mechanism_has_to(toy):
    properties.test_density_integrates_to_one_in_the_plane(toy.key)
    properties.test_deviation_is_that_of_the_density_in_the_plane(toy.key)
    properties.test_marginal_is_the_density_with_the_other_coordinate_integrated_out(toy.key, 0.3)
    properties.test_marginal_cdf_is_the_integral_of_the_marginal_density(toy.key, 30)
    properties.test_in_one_dimension_all_norms_agree(toy.key)
    properties.test_expected_norms_are_ordered_and_below_what_jensen_allows(toy.key)
    properties.test_samples_are_float32_on_the_generators_device_and_fill_what_is_given(toy.key)
    properties.test_with_deviation_gives_the_mechanism_of_that_deviation(toy.key, 30)
    properties.test_a_mechanism_names_itself_and_the_norm_it_certifies_best(toy.key)
    properties.test_a_scale_that_is_no_scale_is_refused(toy.key, -0.5)
    for norm in properties.NORMS:
        properties.test_expected_norm_is_the_integral_of_the_density_in_the_plane(toy.key, norm)
    draws.test_noise_does_not_depend_on_the_batch(7, (3, 5, 3), toy.key)
    draws.test_a_draw_of_another_scale_is_the_same_draw_larger(toy.key)
    draws.test_a_run_that_ends_within_a_block_draws_what_a_longer_one_does(toy.key, (1, 8, 8), 100)
    least.test_starts_at_p_a_and_meets_one_half_at_the_tight_radius(toy.key)
    least.test_falls_and_stays_a_probability(toy.key)
    least.test_no_half_space_across_one_pixel_falls_further(toy.key)
    pictures.test_level_sets_lie_at_equal_steps_of_the_density(toy.key)
    sizes.test_sampled_norms_scatter_around_the_exact_ones(toy.key)
