"""A new training objective is one file and one line: shell, page, link and tests then know it."""

import json

import pytest
from pydantic import Field
from torch.nn.functional import cross_entropy

from rsviz.tasks.spellings import command_line, from_query, to_query
from rsviz.tasks.train import TrainRequest
from rsviz.training import METHODS, Objective
from rsviz.training.objectives.base import Hyperparameters, Weight, outcome
from tests.extensions.conftest import words
from tests.training import test_history as passes
from tests.training import test_objectives_relations as properties
from tests.training.test_objectives_relations import batch

__all__ = ["batch"]


class Parameters(Hyperparameters):
    weight: Weight = Field(0.5, description="Weight of the toy's second term.")


def toy(f, x, y, *, noise, parameters, generator):
    """The cross-entropy of one noisy copy, and half of it once more."""
    logits = f(x + noise.sample(x.shape, generator)).float()
    loss = cross_entropy(logits, y)
    return outcome(logits, cross_entropy=loss, again=parameters.weight * loss)


TOY = Objective(
    title="Half of the loss once more",
    source="a toy",
    parameters=Parameters,
    loss=toy,
)


@pytest.fixture(name="toy")
def registered_toy(register):
    return register(METHODS, TOY.key, TOY)


def test_the_shell_offers_it_and_estimates_a_run_of_it(toy, shell, still_home):
    assert "toy" in shell("train", "--help")
    settings = ("--method", "toy", "--sigma", "0.25", "--set", "weight=2", "--epochs", "1")
    found = json.loads(shell("train", *settings, "--precision", "float32", "--estimate", "--json"))
    assert found["estimates"][0]["name"] == "digits-toy-0.25"


def test_it_is_refused_before_it_is_registered():
    with pytest.raises(ValueError, match="toy"):
        TrainRequest.make(method="toy", sigma=0.25)


def test_links_and_commands_spell_it(toy):
    request = TrainRequest.make(method="toy", sigma=0.25, parameters={"weight": 2.0})
    assert from_query(TrainRequest, to_query(request)) == request
    assert "--method toy" in command_line(request) and "--set weight=2" in command_line(request)


def test_the_page_offers_it_with_its_parameters(toy, open_page):
    app = open_page("train", method="toy", **{"parameters.weight": "2"})
    assert not app.exception and not app.error
    assert app.selectbox(key="method").value == "toy"
    assert app.number_input(key="toy.weight").value == 2
    assert "Weight of the toy's second term." in words(app)


def test_it_passes_what_every_objective_has_to(toy, batch):
    properties.test_only_the_minimised_loss_touches_gradients_and_batch_norm(toy.key, batch)
    properties.test_losses_of_a_bfloat16_network_are_float32(toy.key, batch)
    properties.test_the_generator_decides_all_noise(toy.key, batch)
    properties.test_every_hyper_parameter_has_a_line_and_a_lawful_default(toy.key)
    passes.test_passes_are_those_that_the_objective_makes(toy.key, {})
