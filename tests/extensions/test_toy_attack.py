"""A new attack is one file and one line in the table: shell, page, links and curves then know it."""

import json

import pytest

from rsviz.attacks import ATTACKS
from rsviz.attacks.base import BallAttack, BallParameters
from rsviz.tasks.attack import AttackRequest
from rsviz.tasks.robustness import RobustnessRequest
from rsviz.tasks.spellings import command_line, from_query, to_query
from tests.attacks import test_attacks as properties
from tests.extensions.conftest import words

ATTACK = "--checkpoint digits-gaussian-0.25 --dataset digits --index 3 --attack toy --epsilon 1 --steps 2"
QUICK = "--eot 2 --votes 20 --path-votes 10 --n 100 --batch 64 --precision float32 --device cpu --json"


class ToyParameters(BallParameters):
    """Those of every attack in a ball."""


class Toy(BallAttack):
    """Adds the gradient as it is, three steps long."""

    key = "toy"
    title = "Toy attack"
    source = "A test"
    norms = ("l2",)
    parameters = ToyParameters

    def move(self, delta, gradient):
        return delta + 3 * self.norm.step(gradient, self.step_size)


@pytest.fixture
def toy(register):
    return register(ATTACKS, Toy.key, Toy)


def test_the_shell_lists_it_and_runs_it(toy, shell):
    assert "toy" in shell("attack", "--help")
    assert "toy" in shell("robustness", "--help")
    result = json.loads(shell("attack", *ATTACK.split(), *QUICK.split()))
    assert (result["attack"], result["steps"], result["eot"]) == ("toy", 2, 2)
    assert 0 < result["distance_l2"] <= 1


def test_its_page_offers_it_and_its_link_sets_it(toy, open_page):
    app = open_page("attack", attack="toy", **{"toy.steps": "7"})
    assert not app.exception and not app.error
    assert app.selectbox(key="attack").value == "toy"
    assert any(toy.title in option for option in app.selectbox(key="attack").options)
    assert app.number_input(key="toy.steps").value == 7


def test_a_transfer_may_run_it_on_a_surrogate(toy, open_page):
    app = open_page("attack", attack="transfer", **{"transfer.attack": "toy"})
    assert not app.exception and not app.error
    assert app.selectbox(key="transfer.attack").value == "toy"


def test_curves_are_offered_with_it(toy, open_page):
    app = open_page("attack")
    app.expander[-1]  # the page has drawn its last section
    request = RobustnessRequest.make(
        checkpoints=["digits-gaussian-0.25"], scales=[0.25], sizes=[1], attack="toy"
    )
    assert request.each_size
    assert from_query(RobustnessRequest, to_query(request)) == request
    from rsviz.ui.attack import robustness

    assert "toy" in robustness.ALLOWED
    assert "Traceback" not in words(app)


def test_a_request_for_it_goes_through_its_spellings(toy):
    request = AttackRequest.make(
        checkpoint="digits-gaussian-0.25",
        image={"kind": "dataset", "dataset": "digits", "index": 3},
        scale=0.25,
        attack="toy",
        parameters={"steps": 4},
    )
    assert "--attack toy" in command_line(request)
    assert from_query(AttackRequest, to_query(request)) == request
    assert AttackRequest.model_validate_json(request.model_dump_json()) == request


@pytest.mark.parametrize("sigma", [0, 0.25])
def test_it_passes_what_every_attack_has_to(toy, monkeypatch, sigma):
    monkeypatch.setitem(properties.SMALL, "toy", {"epsilon": 1.0, "steps": 3, "draws": 4, "restarts": 2})
    properties.test_states_keep_their_promises("toy", sigma)
    properties.test_a_seed_fixes_the_result_and_another_gives_another("toy", sigma)
    properties.test_a_stopped_attack_goes_on_as_if_it_had_not_been("toy", sigma)
