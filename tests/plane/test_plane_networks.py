"""The shipped networks of the plane: what their files hold, and what training under noise did to f."""

import numpy as np
import pytest
from scipy.ndimage import label

from rsviz.plane import HALF
from rsviz.plane.networks import NETWORKS

DATA = list(dict.fromkeys(network.data for network in NETWORKS.values()))


def pieces(network) -> int:
    """Connected regions of one class in f."""
    cells = network.class_map().cells
    return sum(label(cells == one)[1] for one in range(network.classes))


def border(network) -> int:
    """Pairs of neighbouring cells with different classes."""
    cells = network.class_map().cells
    return int((np.diff(cells, axis=0) != 0).sum() + (np.diff(cells, axis=1) != 0).sum())


def of(data, method):
    return NETWORKS[f"{data}-{method}"]


@pytest.mark.parametrize("key", NETWORKS)
def test_map_and_points_of_a_network_agree(key):
    network = NETWORKS[key]
    f, (points, labels) = network.class_map(), network.points()
    assert set(np.unique(f.cells)) == set(np.unique(labels)) == set(range(network.classes))
    assert np.abs(points).max() < HALF and len(points) == len(labels)
    assert (f.at(points) == labels).mean() > 0.8


@pytest.mark.parametrize("data", DATA)
def test_training_under_noise_removes_islands_and_straightens_the_border_of_f(data):
    plain = of(data, "plain")
    for method in ("gaussian", "smoothadv"):
        network = of(data, method)
        assert pieces(network) == network.classes < pieces(plain)
        assert border(network) < border(plain)


@pytest.mark.parametrize("data", DATA)
def test_training_under_noise_raises_the_certified_radius(data):
    plain, gaussian, smoothadv = (of(data, method) for method in ("plain", "gaussian", "smoothadv"))
    assert plain.radius < gaussian.radius
    assert plain.radius < smoothadv.radius
    assert gaussian.sigma == smoothadv.sigma == plain.sigma > 0
