"""A new confidence procedure is one file and one line in the table: shell, pages and links then know it."""

import json

import numpy as np
import pytest

from rsviz.confidence import PROCEDURES
from rsviz.confidence.record import Procedure
from tests.confidence import test_coverage as coverage
from tests.confidence import test_procedures as properties


def hoeffding(checked, alpha):
    """Hoeffding's inequality for p_A; p_B is at most the rest."""
    n = np.maximum(checked.n, 1)
    p_a_lower = np.maximum(checked.votes / n - np.sqrt(np.log(1 / alpha) / (2 * n)), 0.0)
    return p_a_lower, 1.0 - p_a_lower


TOY = Procedure(
    key="toy",
    title="Hoeffding, a toy",
    short="Hoeffding",
    colour="#123456",
    valid=True,
    statement="The share of votes less what Hoeffding's inequality allows.",
    source="Hoeffding 1963",
    assumes="The class was chosen on other votes; n was fixed before the first vote.",
    formula=hoeffding,
)

CERTIFY = ("certify", "--checkpoint", "digits-gaussian-0.50", "--dataset", "digits", "--index", "0")


@pytest.fixture
def toy(register):
    return register(PROCEDURES, TOY.key, TOY)


def test_the_shell_offers_it_and_certifies_with_it(toy, shell):
    assert "toy" in shell("certify", "--help")
    certificate = json.loads(shell(*CERTIFY, "--n", "2000", "--procedure", "toy", "--json"))
    assert certificate["procedure"] == "toy"
    votes = certificate["counts"][certificate["predicted"]]
    assert certificate["p_a_lower"] == pytest.approx(votes / 2000 - np.sqrt(np.log(1000) / 4000))


def test_pages_offer_it_and_restore_it_from_a_link(toy, open_page):
    app = open_page("certify", procedure="toy")
    assert not app.exception and not app.error
    assert app.session_state["procedure"] == "toy"
    app = open_page("statistics", s_view="certificates")
    assert not app.exception and not app.error
    assert any(toy.short in chart.proto.spec for chart in app.get("vega_lite_chart"))


def test_it_passes_what_every_procedure_has_to(toy):
    properties.test_no_votes_prove_nothing(toy.key)
    properties.test_bad_input_is_refused_in_one_sentence(toy.key, [3], 0, 0.1, "counts")
    properties.test_limits_broadcast_over_leading_axes()
    properties.test_limits_lie_on_their_side_of_the_shares(toy.key)
    properties.test_a_vote_for_the_top_class_never_loosens_and_one_against_never_tightens(toy.key)
    properties.test_a_smaller_alpha_proves_less(toy.key)
    properties.test_keys_and_order_are_those_that_others_rely_on()


def test_it_fails_with_at_most_alpha(toy, monkeypatch):
    monkeypatch.setattr(coverage, "VALID", [toy.key])
    coverage.test_valid_procedures_fail_with_at_most_alpha("ten classes, 0.9 and one opponent", 1_000)
