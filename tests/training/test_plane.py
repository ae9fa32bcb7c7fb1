"""The networks of the plane: trained by the steps of every other run, and the same as those shipped."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from rsviz.plane import CENTRES
from rsviz.plane.networks import NETWORKS
from rsviz.training.objectives import METHODS
from rsviz.training.plane import DATA, RUNS, as_images, load, measured, network, trained
from rsviz.training.prepare import Images

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def drawn():
    return {key: one.points() for key, one in DATA.items()}


def test_every_run_has_its_shipped_network():
    assert list(NETWORKS) == list(RUNS)
    for key, run in RUNS.items():
        shipped = NETWORKS[key]
        assert (shipped.data, shipped.method) == (run.data, run.method)
        assert shipped.method_title == METHODS[run.method].title
        assert run.sigma == (shipped.sigma if METHODS[run.method].needs_noise else 0)


@pytest.mark.parametrize("key", NETWORKS)
def test_the_shipped_weights_give_the_shipped_map(key):
    x, y = np.meshgrid(CENTRES, CENTRES)
    with torch.no_grad():
        logits = load(key)(as_images(np.stack([x.ravel(), y.ravel()], 1), torch.float64)).numpy()
    second, first = np.sort(logits, 1)[:, -2:].T
    clear = first - second > 1e-9
    assert clear.mean() > 0.999
    assert (logits.argmax(1) == NETWORKS[key].class_map().cells.ravel())[clear].all()


@pytest.mark.parametrize("key", NETWORKS)
def test_shipped_points_and_figures_are_those_of_the_data(key, drawn):
    shipped = NETWORKS[key]
    (points, labels), held_out = drawn[shipped.data]
    np.testing.assert_array_equal(shipped.points()[0], points)
    np.testing.assert_array_equal(shipped.points()[1], labels)
    for name, value in measured(shipped.class_map(), shipped.sigma, *held_out).items():
        assert getattr(shipped, name) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("method", ["plain", "gaussian", "smoothadv"])
def test_a_few_steps_of_each_method_learn(method):
    points, labels = NETWORKS["blobs-plain"].points()
    run = dataclasses.replace(RUNS[f"blobs-{method}"], epochs=15)
    module = trained(run, points, labels)
    with torch.no_grad():
        found = module(as_images(points, torch.float32)).argmax(1).numpy()
    assert (found == labels).mean() > 0.8  # three classes: chance is 1/3
    again = trained(run, points, labels)
    for ours, theirs in zip(module.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_methods_begin_with_the_same_weights_and_end_with_others():
    points, labels = NETWORKS["moons-plain"].points()
    ends = [
        torch.cat([weight.flatten() for weight in trained(run, points, labels).parameters()])
        for method in ("plain", "gaussian")
        for run in [dataclasses.replace(RUNS[f"moons-{method}"], epochs=1)]
    ]
    assert ends[0].shape == ends[1].shape and not torch.equal(*ends)
    assert sum(weight.numel() for weight in network(2).parameters()) == len(ends[0])


def test_batches_go_on_from_any_step_and_show_each_image_once_an_epoch():
    images = Images(torch.zeros(7, 1, 1, 2), torch.zeros(7, dtype=torch.int64))
    steps = list(itertools.islice(images.batches(3, 3), 9))
    assert [len(rows) for rows in steps] == [3, 3, 1] * 3
    for epoch in range(3):
        rows = torch.cat(steps[3 * epoch : 3 * epoch + 3])
        assert torch.equal(rows, images.order(3, epoch)) and sorted(rows.tolist()) == list(range(7))
    for start in range(8):
        assert torch.equal(next(images.batches(3, 3, start)), steps[start])
