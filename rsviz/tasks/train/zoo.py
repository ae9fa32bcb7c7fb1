"""The shipped checkpoints, declared once.

    python -m rsviz train --zoo NAME      # make one again
    python -m rsviz train --zoo missing   # make those that are declared and not shipped
    python -m rsviz train --zoo all

All weights together stay below 40 MB and each below 8 MB: float16, which every card measures.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rsviz.checkpoints.storage import names_in
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.tasks.train.request import TrainRequest
from rsviz.training.objectives import METHODS

# float32, because these train in minutes and then come out the same on every machine of a kind.
_DIGITS = {"dataset": "digits", "precision": "float32"}
# Each machine measures which precision is faster: bfloat16, by three times, on a processor with AMX.
_LI_MNIST = {"dataset": "mnist", "architecture": "li-mnist", "shift": 1}
# One network for all methods, so that they compare; ELU, because WRM asks for a smooth one.
_MNIST = {"dataset": "mnist", "architecture": "three-layer-cnn-elu", "shift": 1}
_CIFAR = {"dataset": "cifar10", "shift": 4, "flip": True, "weight_decay": 5e-4}

# method: (epochs, its own parameters); the more passes a step takes, the fewer epochs.
_DIGITS_METHODS = {
    "plain": (60, {}),
    "gaussian": (300, {}),
    "stn": (300, {}),
    "adre": (60, {"lam": 0.01}),
    "smoothadv": (50, {"m": 4, "epsilon": 0.5}),
    "adre-adv": (50, {"lam": 0.01}),
    "nal": (50, {}),
    "wrm": (60, {}),
    "trades": (60, {"epsilon": 0.15, "steps": 10}),
    "pgd-at": (60, {"epsilon": 0.15, "steps": 10}),
}
_MNIST_METHODS = {
    "plain": (3, {}),
    "gaussian": (3, {}),
    "stn": (3, {}),
    "adre": (2, {"k": 4, "lam": 0.005}),
    "smoothadv": (1, {"m": 4, "epsilon": 1.0}),
    "adre-adv": (1, {"k": 4, "lam": 0.005, "epsilon": 1.0}),
    "nal": (1, {"gamma": 1.5}),
    "wrm": (1, {"gamma": 1.5}),
    "trades": (1, {"steps": 10}),
    "pgd-at": (1, {"steps": 10}),
}


def _every_method(prefix, table, settings):
    """One request for each method, under noise of sigma 0.25 where it trains under noise."""
    for method, (epochs, parameters) in table.items():
        sigma = 0.25 if METHODS[method].needs_noise else 0.0
        name = f"{prefix}-{method}" + ("-0.25" if sigma else "")
        yield TrainRequest(
            name=name, method=method, sigma=sigma, epochs=epochs, parameters=parameters, **settings
        )


def _declared():
    # The small network for the digits with every method, and with more noise.
    yield from _every_method("digits", _DIGITS_METHODS, _DIGITS)
    yield TrainRequest(method="gaussian", sigma=0.5, epochs=300, **_DIGITS)
    # The three-layer network for MNIST with every method; gamma = 0.25 is best there, says the NAL paper.
    yield from _every_method("mnist-cnn", _MNIST_METHODS, _MNIST)
    best = {"parameters": {"gamma": 0.25}, "epochs": 1} | _MNIST
    yield TrainRequest(name="mnist-cnn-nal-0.25-gamma-0.25", method="nal", sigma=0.25, **best)
    yield TrainRequest(name="mnist-cnn-wrm-gamma-0.25", method="wrm", **best)
    # The MNIST network of Li et al. 2019, at the sigma of their experiments.
    for method in ("gaussian", "stn"):
        yield TrainRequest(method=method, sigma=0.7, epochs=12, **_LI_MNIST)
    # CIFAR-10, for a GPU: the network of Li et al. 2019 at the sigma of their experiments, and ResNet-20.
    for method in ("gaussian", "stn"):
        yield TrainRequest(
            name=f"cifar10-li-{method}-100",
            architecture="li-cifar",
            method=method,
            sigma=100 / 255,
            epochs=100,
            **_CIFAR,
        )
    resnet = _CIFAR | {"architecture": "cifar_resnet20", "sigma": 0.25, "optimizer": "sgd"}
    resnet |= {"learning_rate": 0.1, "weight_decay": 1e-4}
    # 50 epochs: what one processor core does in an hour and a half; a GPU has time for more.
    yield TrainRequest(method="gaussian", epochs=50, **resnet)
    yield TrainRequest(method="adre", epochs=60, **resnet)
    yield TrainRequest(method="smoothadv", epochs=60, **resnet)


ZOO: Mapping[str, TrainRequest] = MappingProxyType({request.chosen_name: request for request in _declared()})


def missing() -> list[str]:
    """Names that are declared and not shipped."""
    shipped = names_in(SHIPPED_CHECKPOINTS)
    return [name for name in ZOO if name not in shipped]
