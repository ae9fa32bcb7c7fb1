"""Count what the lessons show: votes of shipped networks on shipped pictures, and attacks on them.

    python -m rsviz.lessons.counting

writes rsviz/lessons/counts/votes.json and attacks.json, in a few minutes on two cores. `rsviz.lessons.counts`
reads them, without torch.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rsviz.data.images import to_png
from rsviz.files import write_atomically

FOLDER = Path(__file__).with_name("counts")
NUMBERS = (10, 30, 100, 300, 1_000, 3_000, 10_000)
"""Votes after which the counts are kept."""
NOISY = 6
"""Noisy copies of the written 9 that are kept as pictures."""
DIGITS, PHOTOS = "mnist-cnn-gaussian-0.25", "cifar10-gaussian-0.25"
SCALES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0)
FIXED = {"device": "cpu", "precision": "float32", "batch": 256}


@dataclass(frozen=True)
class Counted:
    """Votes to count. checkpoint, sample: what ships with rsviz. scale: of Gaussian noise, pixel units.

    most: the largest of NUMBERS that is counted. pictures: noisy copies that are kept.
    """

    checkpoint: str
    sample: str
    scale: float
    most: int = NUMBERS[-1]
    pictures: int = 0


VOTES: Mapping[str, Counted] = {
    **{f"nine-{scale:g}": Counted(DIGITS, "9-b", scale, pictures=NOISY) for scale in SCALES},
    "one": Counted(DIGITS, "1-c", 0.5),
    "cat": Counted(PHOTOS, "cat", 0.25, 3_000),
    "rocket": Counted(PHOTOS, "rocket", 0.25, 3_000),
}
ATTACKS: Mapping[str, dict] = {
    "f": {"checkpoint": "mnist-cnn-plain", "scale": 0.0, "attack": "cw"},
    "transfer": {"attack": "transfer", "surrogate": "mnist-cnn-plain", "parameters": {"epsilon": 1.5}},
    "weak": {"attack": "eot-pgd", "parameters": {"epsilon": 1.5}},
    "strong": {"attack": "eot-pgd", "parameters": {"epsilon": 2.0}},
    "best": {"attack": "cw"},
}
"""Requests of attacks on the sample 4-b; without a checkpoint or a scale, on g of DIGITS at scale 0.25."""


def votes(what: Counted) -> dict:
    """The entry of votes.json: n0 = 100 and then n votes for each of NUMBERS, seed 0."""
    from rsviz.checkpoints import load_checkpoint
    from rsviz.data.samples import SAMPLES
    from rsviz.noise import NOISES
    from rsviz.smoothing import SmoothedClassifier

    network, card = load_checkpoint(what.checkpoint)
    x = SAMPLES[what.sample].prepared(card.input_shape).x
    g = SmoothedClassifier(network, NOISES["gaussian"](what.scale), card.num_classes, **FIXED)
    numbers = [n for n in NUMBERS if n <= what.most]
    found = [g.certify(x, n0=100, n=n, alpha=0.001, procedure="split", seed=0) for n in numbers]
    noisy, answers = g.examples(x, what.pictures, 0) if what.pictures else ((), ())
    return asdict(what) | {
        "classes": list(card.classes),
        "counts0": list(found[0].counts0),
        "counts": {str(n): list(one.counts) for n, one in zip(numbers, found, strict=True)},
        "noisy": [_png(one) for one in noisy],
        "answers": [int(k) for k in answers],
    }


def attack(request: Mapping) -> dict:
    """The entry of attacks.json."""
    from rsviz.tasks.attack import AttackRequest, run

    common = {"checkpoint": DIGITS, "scale": 0.25, "image": {"kind": "sample", "sample": "4-b"}} | FIXED
    *_, last = run(AttackRequest.make(**common | dict(request)))
    result = last.result.to_json()
    kept = ("attack", "epsilon", "checkpoint", "surrogate", "scale", "verdict", "before_name", "after_name")
    kept += ("distance_l2", "counts_before", "counts_after", "votes", "alpha", "radii", "path")
    x, adversarial = last.pictures.x, last.pictures.adversarial
    return {name: result[name] for name in kept} | {
        "x": _png(x),
        "adversarial": _png(adversarial),
        "difference": _png(0.5 + (adversarial - x)),
    }


def _png(x) -> str:
    return base64.b64encode(to_png(x)).decode()


def main() -> None:
    """Count all, and write both files."""
    from tqdm import tqdm

    for name, count, table in (("votes", votes, VOTES), ("attacks", attack, ATTACKS)):
        lines = [
            f"{json.dumps(key)}: {json.dumps(count(one))}" for key, one in tqdm(table.items(), desc=name)
        ]
        write_atomically(FOLDER / f"{name}.json", ("{\n" + ",\n".join(lines) + "\n}\n").encode())


if __name__ == "__main__":
    main()
