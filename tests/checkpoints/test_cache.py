"""Networks that runs share: loaded once, anew when their weights are replaced, and only the latest kept."""

import shutil

import pytest

from rsviz.checkpoints import CheckpointError, NetworkCache, load_card, load_checkpoint
from rsviz.files import SHIPPED_CHECKPOINTS

NAME = "digits-gaussian-0.25"


@pytest.fixture
def own_copy(tmp_path):
    """The path of a shipped checkpoint's copy that a test may replace."""
    for suffix in (".json", ".safetensors"):
        shutil.copy(SHIPPED_CHECKPOINTS / f"{NAME}{suffix}", tmp_path)
    return tmp_path / f"{NAME}.safetensors"


def test_a_network_is_loaded_once_and_has_the_weights_of_its_checkpoint():
    cache = NetworkCache()
    module, card = cache.load(NAME)
    assert cache.load(NAME)[0] is module and card == load_card(NAME)
    stored = load_checkpoint(NAME)[0].state_dict()
    assert all(tensor.equal(stored[name]) for name, tensor in module.state_dict().items())


def test_a_replaced_checkpoint_is_loaded_anew(own_copy):
    cache = NetworkCache()
    first, card = cache.load(own_copy)
    other = "digits-gaussian-0.50"
    text = (SHIPPED_CHECKPOINTS / f"{other}.json").read_text("utf-8").replace(other, NAME)
    own_copy.with_suffix(".json").write_text(text, "utf-8")
    shutil.copy(SHIPPED_CHECKPOINTS / f"{other}.safetensors", own_copy)
    second, new_card = cache.load(own_copy)
    assert second is not first and new_card.weights_sha256 != card.weights_sha256


def test_weights_replaced_while_they_are_read_are_refused(monkeypatch):
    monkeypatch.setattr("rsviz.checkpoints.cache.load_card", lambda name: load_card("digits-plain"))
    with pytest.raises(CheckpointError, match="was replaced while it was being read"):
        NetworkCache().load(NAME)


def test_only_the_latest_networks_are_kept():
    cache = NetworkCache(networks=2)
    first = cache.load(NAME)[0]
    cache.load("digits-plain")
    assert cache.load(NAME)[0] is first
    cache.load("digits-trades")
    assert cache.load(NAME)[0] is first
    second = cache.load("digits-plain")[0]
    assert cache.load("digits-plain")[0] is second


def test_plans_belong_to_the_weights_and_to_the_cache():
    card, other = load_card(NAME), load_card("digits-plain")
    cache = NetworkCache()
    cache.plans(card)["cpu"] = "plan"
    assert cache.plans(card) == {"cpu": "plan"}
    assert cache.plans(other) == {} and NetworkCache().plans(card) == {}
