"""A new network is one file and one line: shell, pages and the tests of the room follow by themselves."""

import json

import pytest
import torch

from rsviz import jobs
from rsviz.checkpoints import import_weights, load_card
from rsviz.models import ARCHITECTURES, ModelError, architectures_for, build
from rsviz.tasks.train import TrainRequest
from tests.extensions.toy_architecture import LINEAR
from tests.models import test_models as models

KEY = LINEAR.key
MEAN, STD = (0.3,), (0.4,)


@pytest.fixture(autouse=True)
def registered(register):
    register(ARCHITECTURES, KEY, LINEAR)


def built():
    torch.manual_seed(0)
    return build(KEY, num_classes=10, input_shape=(1, 8, 8), mean=MEAN, std=STD)


@pytest.mark.parametrize(
    "claim",
    [
        models.test_every_network_gives_finite_logits_for_its_images_and_classes,
        models.test_the_head_of_the_record_counts_the_classes,
        models.test_the_first_layer_normalises_with_buffers_and_the_rest_sees_its_output,
    ],
)
def test_it_passes_the_tests_of_every_network(claim):
    claim(KEY)


def test_it_is_offered_for_images_of_its_shape_behind_the_default():
    assert KEY in architectures_for((1, 8, 8))[1:]
    assert KEY not in architectures_for((3, 32, 32))
    assert TrainRequest(dataset="digits", sigma=0.25).chosen_architecture != KEY


def test_an_unknown_network_is_told_that_it_exists():
    with pytest.raises(ModelError, match=f"one of .*{KEY}"):
        build("vgg", num_classes=2, input_shape=(1, 8, 8), mean=MEAN, std=STD)


def test_weights_from_elsewhere_are_recognised_as_its_own(tmp_path, still_home):
    module = built()
    torch.save(module.network.state_dict(), tmp_path / "linear.pt")
    card = import_weights(tmp_path / "linear.pt")
    assert (card.architecture, card.dataset) == (KEY, LINEAR.dataset)


def test_the_shell_imports_its_weights_by_name(tmp_path, still_home, capsys):
    from rsviz.cli import main

    torch.save(built().network.state_dict(), tmp_path / "linear.pt")
    with pytest.raises(SystemExit) as stop:
        main(["checkpoints", "import", str(tmp_path / "linear.pt"), "--architecture", KEY, "--json"])
    assert stop.value.code == 0
    name = json.loads(capsys.readouterr().out)["name"]
    assert load_card(name).architecture == KEY


def test_the_importer_of_the_certify_page_offers_it(open_page):
    app = open_page("certify")
    app.session_state["own"] = True
    app.run()
    app.selectbox(key="w_architecture").set_value(KEY).run()
    assert not app.exception, app.exception


def test_a_link_opens_the_train_page_on_it(open_page):
    app = open_page("train", t_network=KEY)
    assert not app.exception, app.exception
    assert app.selectbox(key="architecture").value == KEY


def test_the_train_page_offers_it(open_page):
    app = open_page("train")
    app.selectbox(key="architecture").set_value(KEY).run()
    assert not app.exception, app.exception
    app = next(found for found in app.button if found.label == "Train").click().run()
    assert not app.exception, app.exception
    job_id = app.query_params["job"]
    request = jobs.get(job_id[0] if isinstance(job_id, list) else job_id).request
    assert request["architecture"] == KEY
