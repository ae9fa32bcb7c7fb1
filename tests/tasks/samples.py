"""A request of every task, and values of fields that only go together with others."""

from tests.here import ON_CPU

DIGIT = {"kind": "dataset", "dataset": "digits", "index": 3}

SAMPLES: dict[str, dict] = {
    "certify": {"checkpoint": "digits-gaussian-0.25", "image": DIGIT, "scale": 0.25},
    "evaluate": {"checkpoint": "digits-gaussian-0.25", "dataset": "digits", "scale": 0.25},
    "population": {"checkpoints": ["digits-nal-0.25"], "scales": [0.0, 0.25]},
    "download": {"dataset": "mnist"},
    "import": {"file": "some weights.pt"},
    "attack": {"checkpoint": "digits-gaussian-0.25", "image": DIGIT, "scale": 0.25},
    "robustness": {"checkpoints": ["digits-gaussian-0.25"], "scales": [0.25], "sizes": [0.5, 1.0]},
    "train": {"method": "gaussian", "sigma": 0.25},
    "estimate": {"method": "gaussian", "sigma": 0.25},
}
"""Required values by the key of the task."""

QUICK: dict[str, dict] = {
    "certify": SAMPLES["certify"] | {"n": 5000, "seed": 1} | ON_CPU,
    "attack": SAMPLES["attack"] | {"votes": 200, "path_votes": 50, "n": 1000, "seed": 1} | ON_CPU,
    "robustness": SAMPLES["robustness"] | {"scales": [0.0, 0.25], "votes": 100, "n": 500} | ON_CPU,
    "population": SAMPLES["population"]
    | {"images": 30, "gammas": [2.0, 8.0], "K": 2, "r": 2, "measured": 4, "n0": 10, "n": 50}
    | ON_CPU,
}
"""Requests of runs that take moments, the same on every machine."""

IMAGES = {
    "image": {"kind": "upload", "sha256": "0" * 64},
    "fit": {"kind": "upload", "sha256": "0" * 64, "how": "pad"},
    "invert": {"kind": "upload", "sha256": "0" * 64, "invert": True},
    "prepare": {"kind": "upload", "sha256": "0" * 64, "prepare": "paper"},
    "sample": {"kind": "sample", "sample": "7-a"},
    "file": {"kind": "file", "path": "a photo, no: two.png"},
}

TOGETHER: dict[tuple[str, str], list[dict]] = {
    ("import", "upload"): [{"file": None, "upload": "0" * 64}],
    **{(task, key): [{"image": image}] for task in ("certify", "attack") for key, image in IMAGES.items()},
    ("attack", "surrogate"): [{"attack": "transfer", "surrogate": "digits-plain"}],
    ("attack", "parameters"): [
        {"parameters": {"epsilon": 0.5, "restarts": 2, "common_draws": True, "loss": "margin"}}
    ],
    ("robustness", "white_box"): [{"white_box": False, "surrogate": "digits-plain"}],
    ("robustness", "parameters"): [{"parameters": {"norm": "linf", "steps": 7, "random_start": False}}],
    ("population", "bound"): [{"loss": "generalised-cross-entropy", "bound": 2.5}],
}
"""Changes of the sample, by task and key of the field in links, where one value alone makes no request."""

for _task in ("train", "estimate"):
    TOGETHER[_task, "dataset"] = [{"dataset": "mnist"}]
    TOGETHER[_task, "parameters"] = [
        {"method": "nal", "parameters": {"K": 2, "eta1": 0.25, "noise_in_cost": False}},
    ]
