"""The Ray engine on a real cluster of two nodes on this machine."""

import os

import pytest

from rsviz.errors import RsvizError
from rsviz.tasks.evaluate import EvaluateRequest, read_votes
from rsviz.tasks.evaluate import run as evaluate

REQUEST = {
    "checkpoint": "digits-gaussian-0.25",
    "dataset": "digits",
    "device": "cpu",
    "precision": "float32",
    "batch": 64,
    "limit": 60,
    "n0": 20,
    "n": 1500,
}


@pytest.fixture
def cluster(monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_worker_niceness", "0")
    two = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    monkeypatch.setenv("RAY_ADDRESS", two.address)
    yield two
    two.shutdown()


@pytest.mark.timeout(900)
def test_a_node_killed_in_mid_run_costs_nothing(cluster, tmp_path):
    second, killed = cluster.add_node(num_cpus=1), False
    for step in evaluate(EvaluateRequest.make(**REQUEST), tmp_path / "ray.jsonl", engine="ray"):
        if step.fresh > 15_000 and not killed:
            cluster.remove_node(second, allow_graceful=False)
            killed = True
    assert killed
    assert step.votes == step.total
    for _ in evaluate(EvaluateRequest.make(**REQUEST), tmp_path / "alone.jsonl"):
        pass
    one, other = read_votes(tmp_path / "ray.jsonl"), read_votes(tmp_path / "alone.jsonl")
    assert one.counts.tobytes() == other.counts.tobytes()
    assert one.counts0.tobytes() == other.counts0.tobytes()


def test_without_ray_or_a_cluster_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(RsvizError, match=r"Ray is not installed|no Ray cluster"):
        list(evaluate(EvaluateRequest.make(**REQUEST), tmp_path / "votes.jsonl", engine="ray"))
    assert not (tmp_path / "votes.jsonl").exists()
    assert os.listdir(tmp_path) in ([], [".votes.jsonl.lock"])
