"""Networks that runs share: loaded once, anew when their weights are replaced, and only the latest kept."""

import shutil

import pytest

from rsviz.checkpoints import load_card, load_checkpoint
from rsviz.errors import RsvizError
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.tasks.networks import NetworkCache

NAME, PLAIN, OTHER = "digits-gaussian-0.25", "digits-plain", "digits-trades"


def module(cache, name):
    return cache.module(name, load_card(name))


def test_a_network_is_loaded_once_and_has_the_weights_of_its_checkpoint():
    cache = NetworkCache()
    first = module(cache, NAME)
    assert module(cache, NAME) is first
    stored = load_checkpoint(NAME)[0].state_dict()
    assert all(tensor.equal(stored[name]) for name, tensor in first.state_dict().items())


def test_a_replaced_checkpoint_is_loaded_anew(tmp_path):
    def put(source):
        text = (SHIPPED_CHECKPOINTS / f"{source}.json").read_text("utf-8").replace(f'"{source}"', '"mine"')
        (tmp_path / "mine.json").write_text(text, "utf-8")
        shutil.copy(SHIPPED_CHECKPOINTS / f"{source}.safetensors", tmp_path / "mine.safetensors")

    cache, path = NetworkCache(), str(tmp_path / "mine.safetensors")
    put(NAME)
    first = module(cache, path)
    put(PLAIN)
    assert module(cache, path) is not first


def test_weights_replaced_since_their_card_was_read_are_refused():
    with pytest.raises(RsvizError, match="was replaced while it was being read"):
        NetworkCache().module(NAME, load_card(PLAIN))


def test_only_the_latest_networks_are_kept():
    cache = NetworkCache(size=2)
    first, second = module(cache, NAME), module(cache, PLAIN)
    assert module(cache, NAME) is first
    module(cache, OTHER)
    assert module(cache, NAME) is first
    assert module(cache, PLAIN) is not second


def test_plans_belong_to_the_weights_and_to_the_cache():
    card, other = load_card(NAME), load_card(PLAIN)
    cache = NetworkCache()
    cache.plans(card)["cpu"] = "plan"
    assert cache.plans(card) == {"cpu": "plan"}
    assert cache.plans(other) == {} and NetworkCache().plans(card) == {}
