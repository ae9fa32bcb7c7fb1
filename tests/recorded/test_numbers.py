"""Numbers stay what they were: votes, certificates, tables, attacks, curves, training, bit for bit.

`numbers.json` holds what an earlier version of rsviz computed; the tests compute it again and ask for
equality. Two probes are recorded beside the numbers: hashes of elementary functions of NumPy and SciPy, and
of noise and gradients of torch. Another CPU or library may round otherwise; where a probe has changed,
the numbers that depend on it are compared within the tolerance of their section, without array hashes.

After a change that is meant to change numbers: .venv/bin/python -m tests.recorded.test_numbers SECTION ...
"""

import dataclasses
import functools
import hashlib
import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import special, stats

from rsviz import noise_size, simulation
from rsviz.bounds import BOUNDS, certifying
from rsviz.checkpoints import load_checkpoint
from rsviz.confidence import PROCEDURES
from rsviz.confidence.stopping import outlook
from rsviz.data import load
from rsviz.distributional import at_budget
from rsviz.evaluation import read_log, write_log
from rsviz.noise import NOISES, Draws, block_seed, block_size
from rsviz.smoothing import SmoothedClassifier, predict_from_counts
from rsviz.tasks import population as population_task
from rsviz.tasks.attack import AttackRequest
from rsviz.tasks.attack import run as run_attack
from rsviz.tasks.attack import shipped_example as shipped_attack
from rsviz.tasks.certify import shipped_example as shipped_certificate
from rsviz.tasks.evaluate import certificates, shipped_votes, summary
from rsviz.tasks.robustness import RobustnessRequest
from rsviz.tasks.robustness import run as run_robustness
from rsviz.tasks.train import TrainRequest
from rsviz.training import METHODS
from rsviz.training.loop import train
from rsviz.training.records import read_run

# --- how the library is called; a rename touches this part alone ---

STEPS = 21  # of an epoch of digits in batches of 64
STREAMS = {
    "selection": 0,
    "estimation": 1,
    "prediction": 2,
    "training": 18,
    "verdict": 36,
    "path": 37,
    "ascent": 40,
}


def network(name):
    return load_checkpoint(name)


def digits(rows):
    dataset = load("digits")
    return dataset.pixels(rows), np.asarray(dataset.labels)[rows]


def smoothed_classifier(module, noise, classes):
    return SmoothedClassifier(module, noise, classes, batch=256)


def certify(smoothed, x, until_radius=None, within=None, **settings):
    return smoothed.certify(x, until_radius=until_radius, within=within, **settings)


def draws_of(noise, shape, seed, stream, count):
    out = torch.empty((count, *shape))
    Draws(noise, shape, seed, stream, "cpu").fill(out, 0)
    return out


def robustness_of(**values):
    *_, reached = run_robustness(RobustnessRequest.make(**values))
    done = {key: value for key, value in reached.done.items() if key != "plans"}
    return done, reached.result.to_json()["curves"]


def population_of(**values):
    *_, reached = population_task.run(population_task.PopulationRequest.make(**values))
    done = {key: value for key, value in reached.done.items() if key != "plans"}
    return as_recorded(done), as_recorded(reached.result.to_json()["curves"])


RENAMED = {"noiseless": "bare", "noiseless_loss": "bare_loss"}
"""Keys of today's results -> keys in numbers.json."""


def as_recorded(value):
    if isinstance(value, dict):
        return {RENAMED.get(key, key): as_recorded(item) for key, item in value.items()}
    return [as_recorded(item) for item in value] if isinstance(value, list) else value


def attack_of(**values):
    *_, reached = run_attack(AttackRequest.make(**values))
    result = reached.result.to_json()
    return {key: result[key] for key in ATTACK_KEYS} | {"path_counts": result["path"]["counts"]}


def stored_attack():
    result = shipped_attack().result.to_json()
    kept = {key: result[key] for key in (*ATTACK_KEYS, "radii", "radii_in_norm", "inside", "softmax_after")}
    return kept | {
        "path": {key: result["path"][key] for key in ("class", "share", "lower", "upper", "envelope")}
    }


def stored_certificate():
    found = shipped_certificate().result.to_json()
    return {key: found[key] for key in ("predicted", "counts", "p_a_lower", "p_b_upper", "radius", "radii")}


def losses_of(method, folder):
    request = TrainRequest(
        dataset="digits",
        method=method,
        sigma=0.25 if METHODS[method].needs_noise else 0.0,
        epochs=1,
        batch_size=64,
        device="cpu",
        precision="float32",
        name="recorded",
    )
    for progress in train(request, Path(folder) / "out", run=Path(folder) / "run"):
        if getattr(progress, "step", 0) == STEPS:
            break  # before what is trained is measured
    records = read_run(Path(folder) / "run").steps
    return [{name: round(value, 4) for name, value in record.terms.items()} for record in records]


# --- the sections: each a function that computes plain values anew ---

ATTACK_KEYS = (
    "verdict",
    "before",
    "after",
    "counts_before",
    "counts_after",
    "found",
    "distance_l2",
    "distance_linf",
)
SCALES = {"gaussian": 0.25, "laplace": 0.18, "linf-exponential": 0.006, "uniform": 0.43}
VALID = [key for key, procedure in PROCEDURES.items() if procedure.valid]
COUNTS = [
    [100, 0, 0],
    [99, 1, 0],
    [60, 30, 10],
    [51, 49, 0],
    [34, 33, 33],
    [0, 100, 0],
    [997, 2, 1, 0, 0, 0, 0, 0, 0, 0],
    [600, 200, 100, 50, 20, 10, 10, 5, 5, 0],
    [99_991, 4, 1, 1, 1, 1, 1, 0, 0, 0],
    [70_000, 20_000, 10_000],
    [5_000, 4_700, 300],
    [900, 100],
    [1_000, 0],
    [550, 450],
]
PAIRS = [
    (0.5, 0.5),
    (0.6, 0.3),
    (0.6, 0.4),
    (0.9, 0.1),
    (0.99, 0.001),
    (0.999999, 1e-6),
    (1 - 1e-12, 1e-13),
    (0.4, 0.2),
]


def digest(array) -> str:
    return "sha256:" + hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:24]


def about(array) -> dict:
    """A large array as its hash and a few of its values."""
    array = np.asarray(array)
    return {"hash": digest(array), "sum": float(array.sum()), "first": array.ravel()[:4].tolist()}


def limits():
    """Limits of every procedure, and the radii of every bound on them, for fixed counts."""
    found = {}
    for counts in COUNTS:
        for alpha in (0.05, 0.001):
            for key, procedure in PROCEDURES.items():
                if key == "sison-glaz" and sum(counts) > 100:
                    continue  # its search takes seconds
                top = int(np.argmax(counts)) if procedure.same_votes else 0
                pair = [float(limit) for limit in procedure.limits(np.array(counts), top, alpha)]
                radii = {}
                if pair[0] > pair[1]:
                    noises = dict.fromkeys(bound.noise for bound in BOUNDS.values())
                    bounds = [bound for noise in noises for bound in certifying(noise)]
                    radii = {b.key: float(b.radius(*pair, scale=SCALES[b.noise], dim=64)) for b in bounds}
                found[f"{counts} {alpha} {key}"] = [pair, list(radii.values())]
    return found


def bounds():
    """Radii of every bound, those that prove nothing too, at fixed probabilities."""
    p_a, p_b = np.array(PAIRS).T
    return {
        f"{key} {dim}": bound.radius(p_a, p_b, scale=0.5, dim=dim).tolist()
        for key, bound in BOUNDS.items()
        for dim in (1, 64, 3072)
    }


def stopping():
    """What a run that may stop early knows, and PREDICT on fixed counts."""
    found = {
        "predict": [int(predict_from_counts(counts, alpha)) for counts in COUNTS for alpha in (0.05, 0.001)]
    }
    bound = BOUNDS["cohen-l2"]
    for counts in COUNTS:
        view = outlook(
            np.array(counts), 0, 200_000, 0.001, functools.partial(bound.certified_radius, scale=0.25)
        )
        found[str(counts)] = [
            float(value) for value in (view.radius, view.true_at_most, view.votes_at_most, view.most)
        ]
    return found


def certify_digits():
    """Votes and certificates of four images under every noise by every valid procedure."""
    module, card = network("digits-gaussian-0.25")
    pixels, _ = digits([0, 24, 103, 400])
    found = {}
    for key, scale in SCALES.items():
        smoothed = smoothed_classifier(module, NOISES[key](scale), card.num_classes)
        for row, x in enumerate(pixels):
            for procedure in VALID:
                one = certify(smoothed, x, n0=50, n=1_000, alpha=0.001, procedure=procedure, seed=row)
                found[f"{key} {row} {procedure}"] = _certificate(one)
            found[f"{key} {row} predict"] = int(smoothed.predict(x, n=100, alpha=0.001, seed=row))
    return found


def certify_early():
    """Runs that end by a rule."""
    module, card = network("digits-gaussian-0.25")
    smoothed = smoothed_classifier(module, NOISES["gaussian"](0.25), card.num_classes)
    x = digits([24])[0][0]
    rules = ({"until_radius": 0.2}, {"until_radius": 0.9}, {"within": 20.0})
    return {
        str(rule): _certificate(certify(smoothed, x, n0=50, n=10_000, alpha=0.001, seed=3, **rule))
        for rule in rules
    }


def _certificate(one):
    return {
        "predicted": one.predicted,
        "counts0": list(one.counts0),
        "counts": list(one.counts),
        "n": one.n,
        "ended": one.ended,
        "alpha_spent": one.alpha_spent,
        "limits": [one.p_a_lower, one.p_b_upper],
        "radii": list(one.radii.values()),
        "radius_cohen": one.radius_cohen,
    }


def evaluations():
    """The shipped votes of whole test sets, read by every valid procedure, with every bound."""
    found = {}
    for name, votes in shipped_votes().items():
        for procedure in ("auto", *VALID):
            for alpha in (0.001, 0.05):
                proved = certificates(votes, alpha=alpha, procedure=procedure)
                label = f"{name} {procedure} {alpha}"
                found[label] = {
                    "predicted": about(proved.predicted),
                    "limits": [about(proved.p_a_lower), about(proved.p_b_upper)],
                    "radii": {key: about(radius) for key, radius in proved.radii.items()},
                }
                if procedure in ("auto", "anytime") and alpha == 0.001:
                    found[label]["summary"] = summary(votes, proved).to_json()
                    found[label]["log"] = _log(proved.log())
    return found


def _log(frame):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.tsv"
        write_log(frame, path)
        assert len(read_log(path)) == len(frame)
        text = path.read_text("utf-8")
    return {"hash": digest(np.frombuffer(text.encode(), np.uint8)), "lines": text.split("\n")[:3]}


def shipped():
    """Stored results that come with rsviz, as they are read."""
    found = {"attack": stored_attack(), "certificate": stored_certificate()}
    for name in ("distribution", "distribution-effort"):
        _, result = population_task.shipped_example(name)
        budgets = [0.0, 0.01, 0.3, 5.0]
        found[name] = [
            [
                [dataclasses.asdict(one) for one in at_budget(curve, budgets)],
                about(curve.certificate),
                about(curve.high),
            ]
            for curve in result.curves[:4]
        ]
    return found


def simulations():
    """Drawn votes where the truth is known, peeking, and typical votes."""
    experiment = simulation.Experiment(simulation.class_probabilities(0.7, 5, 0.6), n=300, runs=50, seed=4)
    found = {"true_radius": experiment.true_radius}
    tops, counts = experiment.votes()
    for key in PROCEDURES:
        some = slice(3 if key == "sison-glaz" else None)  # its search takes seconds
        outcome = experiment.outcome(key, tops[some], counts[some])
        found[key] = {
            "top": about(outcome.top),
            "limits": [about(np.nan_to_num(outcome.p_a_lower)), about(np.nan_to_num(outcome.p_b_upper))],
            "radius": about(outcome.radius),
            "fails": [int(outcome.limits_fail.sum()), int(outcome.certificate_fails.sum())],
        }
    for key, values in simulation.peeking(0.8, 200, 0.05).items():
        found[f"peeking {key}"] = values[::25].tolist()
    for key, values in simulation.radius_by_p_a(np.array([0.6, 0.9]), 4, 0.5, 1_000, 0.001, VALID).items():
        found[f"gains {key}"] = values.tolist()
    for key, values in simulation.radius_by_votes(
        simulation.class_probabilities(0.9, 3, 0.7), [100, 1_000], 0.001, VALID
    ).items():
        found[f"bought {key}"] = values.tolist()
    found["same votes"] = [
        values.tolist() for values in simulation.same_votes([0.5, 0.7], 100, 0.05).values()
    ]
    return found


def noise_sizes():
    """Expected norms, quantiles and equal noise of the mechanisms."""
    found = {}
    for key, kind in NOISES.items():
        noise, dims = kind(SCALES[key]), [1, 64, 3072]
        found[f"{key} norms"] = [noise.expected_norm(norm, dims).tolist() for norm in ("l1", "l2", "linf")]
        found[f"{key} quantile"] = noise.linf_quantile(0.9, dims).tolist()
        found[f"{key} marginal"] = [
            noise.marginal_density(0.1, 64).tolist(),
            noise.marginal_cdf(0.1, 64).tolist(),
        ]
        rule = noise_size.EqualRadius(0.5, "linf", 0.9, 0.1)
        found[f"{key} scales"] = noise_size.scales(rule, key, dims).tolist()
    return found


def noise_draws():
    """The first draws of every mechanism and stream, and the seeds of their blocks."""
    found = {
        f"seed {seed} {stream} {block}": block_seed(seed, stream, block)
        for seed in (0, 7, 2**63 - 1)
        for stream in (*STREAMS.values(), 1001)
        for block in (0, 1, 12345)
    }
    for shape in ((1, 8, 8), (3, 32, 32)):
        found[f"block {shape}"] = block_size(shape)
        for key, scale in SCALES.items():
            for name, stream in STREAMS.items():
                draws = draws_of(NOISES[key](scale), shape, 5, stream, 16)
                found[f"{key} {name} {shape}"] = {
                    "hash": digest(draws.numpy()),
                    "first": draws.ravel()[:2].tolist(),
                }
    return found


def attacks():
    """A small attack of each kind: verdict, votes and distances."""
    base = {
        "checkpoint": "digits-gaussian-0.25",
        "image": {"kind": "dataset", "dataset": "digits", "index": 24},
        "votes": 200,
        "path_votes": 50,
        "n": 1_000,
        "device": "cpu",
        "precision": "float32",
        "batch": 64,
    }
    kinds = {
        "eot-pgd l2": {"attack": "eot-pgd", "parameters": {"epsilon": 1.0, "steps": 5, "draws": 4}},
        "eot-pgd linf": {
            "attack": "eot-pgd",
            "parameters": {"norm": "linf", "epsilon": 0.2, "steps": 5, "draws": 4},
        },
        "cw": {"attack": "cw", "parameters": {"steps": 10, "searches": 2, "draws": 4}},
        "boundary": {"attack": "boundary", "parameters": {"steps": 15, "votes": 50}},
        "transfer": {
            "attack": "transfer",
            "surrogate": "digits-plain",
            "parameters": {"attack": "eot-pgd", "parameters": {"epsilon": 1.0, "steps": 5}},
        },
    }
    return {
        f"{name} {scale}": attack_of(**base | values | {"scale": scale})
        for name, values in kinds.items()
        for scale in (0.0, 0.25)
    }


def robustness():
    """Robust accuracy at two sizes."""
    done, curves = robustness_of(
        checkpoints=["digits-gaussian-0.25"],
        scales=[0.0, 0.25],
        images=8,
        parameters={"steps": 4, "draws": 4},
        sizes=[0.3, 1.0],
        votes=100,
        n=500,
        device="cpu",
        precision="float32",
        batch=64,
    )
    for one in curves:
        one["certified"] = one["certified"] and about(one["certified"])
        one["radius"] = one["radius"] and about(one["radius"])
    return {"done": done, "curves": curves}


def population():
    """A population certificate of a few images."""
    done, curves = population_of(
        checkpoints=["digits-nal-0.25"],
        scales=[0.25],
        images=12,
        gammas=[1.0, 5.0],
        K=3,
        r=2,
        measured=8,
        n0=10,
        n=100,
        device="cpu",
        precision="float32",
        batch=64,
    )
    for one in curves:
        one |= {name: about(one[name]) for name in ("rho", "certificate", "low", "high", "printed")}
        one["concave"] = one["concave"][:3]
    return {"done": done, "curves": curves}


def training():
    """Losses of the first steps with every objective, to four decimals."""
    found = {}
    for method in METHODS:
        with tempfile.TemporaryDirectory() as folder:
            found[method] = losses_of(method, folder)
    return found


# --- recording and comparing ---

NUMBERS = Path(__file__).with_name("numbers.json")

# section -> (function, the probe that it rests on, relative tolerance where that probe differs)
SECTIONS = {
    function.__name__: (function, probe, tolerance)
    for function, probe, tolerance in (
        (limits, "numpy", 1e-9),
        (bounds, "numpy", 1e-9),
        (stopping, "numpy", 1e-9),
        (evaluations, "numpy", 1e-9),
        (shipped, "numpy", 1e-9),
        (simulations, "numpy", 1e-9),
        (noise_sizes, "numpy", 1e-9),
        (certify_digits, "torch", 0.05),
        (certify_early, "torch", 0.05),
        (noise_draws, "torch", 1e-4),
        (attacks, "torch", 0.2),
        (robustness, "torch", 0.2),
        (population, "torch", 0.05),
        (training, "torch", 0.02),
    )
}


def probe_numpy() -> str:
    x = np.linspace(1e-9, 1 - 1e-9, 1009)
    parts = [np.exp(-x), np.log(x), np.log1p(-x), np.sqrt(x), x**0.3, special.ndtri(x), special.ndtr(5 * x)]
    parts += [
        special.betaincinv(40, 3, x),
        special.gammaincinv(64, x),
        stats.binom.sf(50, 100, x),
        special.gammaln(9 * x),
    ]
    return digest(np.concatenate(parts))


def probe_torch() -> str:
    generator = torch.Generator().manual_seed(0)
    module, _ = network("digits-gaussian-0.25")
    x = torch.rand((64, 1, 8, 8), generator=generator)
    x = (x + torch.empty_like(x).normal_(0, 0.25, generator=generator)).requires_grad_()
    torch.nn.functional.cross_entropy(module(x), torch.zeros(64, dtype=torch.int64)).backward()
    module.zero_grad(set_to_none=True)
    return digest(x.grad.numpy()) + probe_numpy()


PROBES = {"numpy": probe_numpy, "torch": probe_torch}


def plain(value):
    """As it is after a way through JSON, which keeps every bit of a float."""
    return json.loads(json.dumps(value))


def differences(found, stored, tolerance, where="") -> list[str]:
    """Where two values differ. tolerance: 0 for equality; else relative, and hashes may differ."""
    if isinstance(stored, dict) and isinstance(found, dict):
        if set(found) != set(stored):
            return [f"{where}: only one of the two has {sorted(set(found) ^ set(stored))}"]
        pairs = [(found[key], stored[key], f"{where}/{key}") for key in stored]
    elif isinstance(stored, list) and isinstance(found, list):
        if len(found) != len(stored):
            return [f"{where}: {len(found)} values, not {len(stored)}"]
        pairs = [(a, b, f"{where}/{place}") for place, (a, b) in enumerate(zip(found, stored, strict=True))]
    else:
        return [] if same(found, stored, tolerance) else [f"{where}: {found!r}, not {stored!r}"]
    return [line for a, b, place in pairs for line in differences(a, b, tolerance, place)]


def same(found, stored, tolerance) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (found, stored))
    if not tolerance:
        return repr(found) == repr(stored)
    if numbers:
        return math.isclose(found, stored, rel_tol=tolerance, abs_tol=tolerance) or found is stored
    return found == stored or (isinstance(stored, str) and stored.startswith("sha256:"))


@pytest.fixture(scope="module")
def numbers():
    return json.loads(NUMBERS.read_text("utf-8"))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("section", SECTIONS)
def test_numbers_are_what_they_were(section, numbers):
    function, probe, tolerance = SECTIONS[section]
    same_arithmetic = PROBES[probe]() == numbers["probes"][probe]
    found = differences(plain(function()), numbers[section], 0 if same_arithmetic else tolerance, section)
    assert found[:10] == []


def test_a_changed_bit_is_seen(numbers):
    stored = numbers["limits"]
    changed = plain(stored)
    pair = changed["[60, 30, 10] 0.001 cohen"][0]
    pair[0] = math.nextafter(pair[0], 1)
    assert len(differences(changed, stored, 0)) == 1
    assert differences(changed, stored, 1e-9) == []


def record(names):
    torch.set_num_threads(1)
    stored = json.loads(NUMBERS.read_text("utf-8")) if NUMBERS.exists() else {}
    stored["probes"] = {name: probe() for name, probe in PROBES.items()}
    for name in names or SECTIONS:
        stored[name] = plain(SECTIONS[name][0]())
    lines = [
        f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in stored.items()
    ]
    NUMBERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    record(sys.argv[1:])
