"""The numbers that show each error: small computations, by the id of the erratum."""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import bdtrc, log_ndtr, ndtri

from rsviz.bounds import BOUNDS, triangle
from rsviz.confidence import clopper_pearson_lower
from rsviz.reference.counter_example import counter_example

DENSITY_AT_ONE = math.exp(-0.5) / math.sqrt(2 * math.pi)


def _radius(key, p_a, p_b, **parameters):
    return float(BOUNDS[key].radius(p_a, p_b, **parameters))


def _a2():
    p_a, p_b = 1 - 1e-6, 1e-9
    epsilon = np.linspace(0.01, math.log(p_a / p_b) / 2, 20_000)[:-1]
    delta = (p_a - np.exp(2 * epsilon) * p_b) / (1 + np.exp(epsilon))
    unrestricted = float((epsilon / np.sqrt(2 * np.log(1.25 / delta))).max())
    return {"unrestricted": unrestricted, "restricted": _radius("pixeldp-l2", p_a, p_b)}


def _a5():
    p, alpha = np.array([0.6, 0.3, 0.1]), 2.0
    mean = ((p[0] ** (1 - alpha) + p[1] ** (1 - alpha)) / 2) ** (1 / (1 - alpha))
    total = 1 - p[0] - p[1] + 2 * mean
    q = np.array([mean, mean, p[2]]) / total
    return {
        "printed": mean / (1 - p[0] - p[1] - 2 * mean),
        "q0": q[0],
        "divergence": math.log(np.sum(q**alpha * p ** (1 - alpha))) / (alpha - 1),
        "formula": -math.log(total),
    }


def _a7():
    return {"li": _radius("li-l2", 0.9, 0.1), "tight": _radius("cohen-l2", 0.9, 0.1)}


def _a8():
    gains = [
        _radius("renyi-l2", *point) / _radius("li-l2", *point) - 1
        for point in ((0.1725, 0.0025), (0.001, 1e-14))
    ]
    return {"gain": gains[0], "extreme": gains[1]}


def _a9():
    values = {}
    for i, point in enumerate(((0.005, 0.0025), (0.02, 0.005), (0.1, 0.01)), 1):
        values |= {f"li_{i}": _radius("li-l2", *point), f"dp_{i}": _radius("pixeldp-l2", *point)}
    return values


def _a10():
    return {
        "printed": 0.95 * 0.05,
        "correct": 0.0,
        "printed_high": 0.95 * 0.7,
        "correct_high": (0.7 - 0.05) / 0.95,
        "meet": 0.05 / (1 - 0.95**2),
    }


def _a12():
    # outside the domain of `li-l2`, as published: the formula does not see which argument is the larger
    low, high, alpha = 0.41, 0.608, np.linspace(1.0001, 3, 5000)
    mean = ((low ** (1 - alpha) + high ** (1 - alpha)) / 2) ** (1 / (1 - alpha))
    return {"radius": float(np.sqrt((-2 / alpha * np.log(1 - low - high + 2 * mean)).max()))}


def _a14():
    def divergence(t):
        return math.log(2 / 3 * math.exp(t) + 1 / 3 * math.exp(-2 * t))

    return {"one": divergence(1.0), "split": 2 * divergence(0.5)}


def _a15():
    return {"li": _radius("li-l1", 0.02, 0.01), "tight": _radius("laplace-l1", 0.02, 0.01)}


def _b1():
    sigma, gamma, budget = 0.5, 10.0, 0.1
    # phi_gamma(x0) <= M - gamma d sigma^2 with M = 1 and d = 1
    return {"left": 0.5, "right": gamma * budget + 1 - gamma * sigma**2}


def _b2():
    sizes = {"mnist": (784, 0.05), "cifar": (3072, 0.1), "tiny": (3 * 64 * 64, 0.1)}
    return {name: math.sqrt(d) * sigma for name, (d, sigma) in sizes.items()}


def _b7():
    return {"left": math.sqrt(2 / math.pi) - 0.1}


def _c2():
    return {f"t{t}": log_ndtr(-t) - log_ndtr(-t - 1) for t in (2, 5, 8)}


def _c3():
    c, log_ratio = 3.0, 20.0
    root = log_ratio / (2 * (1 + c))
    return {"eps": root**2, "true": c * root + root**2, "printed": (c + 1) * root}


def _c5():
    p_a, p_b = triangle(401)
    inside = (p_b > 0) & (p_a > p_b)
    ratio = BOUNDS["dmr-l2"].radius(p_a[inside], p_b[inside], c=1) / BOUNDS["cohen-l2"].radius(
        p_a[inside], p_b[inside]
    )
    example = counter_example(0.004, 0.002, scale=1.0, c=3.0)
    after_a, after_b = example.probabilities(example.claimed)
    return {
        "share": float((ratio > 1).mean()),
        "most": float(ratio.max()),
        "claim": example.claimed,
        "tight": example.tight,
        "after_a": float(after_a),
        "after_b": float(after_b),
    }


def _c6():
    return {"zcdp": _radius("zcdp-l2", 0.9, 0.1), "claim": _radius("dmr-l2", 0.9, 0.1)}


def _c7():
    values = {}
    for i, point in enumerate(((0.9, 0.01), (0.99, 0.01)), 1):
        values |= {
            f"dinf_{i}": _radius("dinf-linf", *point),
            f"tight_{i}": _radius("exponential-linf", *point),
        }
    return values


def _c8():
    generator = np.random.default_rng(0)
    size, d = 20_000, 50
    cube = generator.uniform(-1, 1, (size, d)) * generator.gamma(d + 1, size=size)[:, None]
    return {"mean": float(np.abs(cube).max(axis=1).mean())}


def _d4():
    n, alpha = 1000, 0.05
    votes = np.arange(n + 1)
    returned = clopper_pearson_lower(np.maximum(votes, n - votes), n, alpha) > 0.5
    fewest = int(votes[returned & (votes > n / 2)].min())
    return {"failure": 2 * float(bdtrc(fewest - 1, n, 0.5)) / alpha}


DEMONSTRATIONS: dict[str, Callable[[], dict]] = {
    "A1": lambda: {"least": 1 + math.exp(0)},
    "A2": _a2,
    "A5": _a5,
    "A7": _a7,
    "A8": _a8,
    "A9": _a9,
    "A10": _a10,
    "A12": _a12,
    "A14": _a14,
    "A15": _a15,
    "A16": lambda: {"scaled": 36 / 255},
    "B1": _b1,
    "B2": _b2,
    "B3": lambda: {"best": 2 * DENSITY_AT_ONE, "cifar": 3072 + 1},
    "B4": lambda: {"enough": DENSITY_AT_ONE, "weaker": 2 / DENSITY_AT_ONE},
    "B7": _b7,
    "B9": lambda: {"holds": ndtri(0.9) - ndtri(0.1), "radius": _radius("cohen-l2", 0.9, 0.1)},
    "C1": lambda: {f"c{c}": math.exp(-(c**2) / 4) for c in (1, 3, 5)},
    "C2": _c2,
    "C3": _c3,
    "C4": lambda: {f"c{c}": 2 * math.exp(-(c**2) / 4) for c in (1, 3)},
    "C5": _c5,
    "C6": _c6,
    "C7": _c7,
    "C8": _c8,
    "D1": lambda: {"quantile": "∞" if math.isinf(ndtri(1.0)) else ndtri(1.0)},
    "D4": _d4,
    "D6": lambda: {"radius": _radius("cohen-l2", 0.3, 0.0778)},
}
"""Functions without arguments; their keys fill the braces of `shows` in papers.toml."""
