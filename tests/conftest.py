"""What all tests share: folders of their own, and the datasets that are not part of the project."""

import os
import signal

import pytest

from rsviz import jobs
from rsviz.programs import IDLE_THREADS
from tests import materials

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is there: cores are shared with other test processes
    os.environ.update(IDLE_THREADS)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background of a script, which ignores it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory):
    """RSVIZ_HOME and RSVIZ_DATA of this run, so that no test touches the user's folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSVIZ_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("RSVIZ_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("RSVIZ_LINK_SECONDS", "0")  # a link begins no run, but where a test is about that
        yield


@pytest.fixture
def still_home(tmp_path, monkeypatch):
    """A home of its own, with no worker behind it: jobs that are submitted stay where they are."""
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    monkeypatch.setattr(jobs, "ensure_worker", lambda: None)
    return tmp_path


@pytest.fixture(scope="session")
def mnist(own_folders):
    """MNIST's test split; afterwards load("mnist") works in this run."""
    return materials.require("mnist")


@pytest.fixture(scope="session")
def cifar10(own_folders):
    """CIFAR-10's test split (perhaps from its JPEG copy); afterwards load("cifar10") works in this run."""
    return materials.require("cifar10")


@pytest.fixture
def one_thread():
    """Sums over several threads round otherwise, and with tiny networks they cost more than they save."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
