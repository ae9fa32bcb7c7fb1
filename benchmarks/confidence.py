"""The confidence procedures: speed of limits, what the confidence sequence costs, and how soon it decides.

    python -m benchmarks.confidence [--rounds 9] [--runs 200] [--json]

Speed: processor time of one process for 10,000 count vectors of 10 classes, the contestants taking turns;
medians. Votes of one image ("alike") hold few different counts; votes of many images ("different") do not.
Cost: radius at n = 100,000 and alpha = 0.001 from votes that fall as the probabilities say.
Decisions: simulated votes up to n = 100,000, looked at after every further 2 %, until a radius r is proved or
out of reach at alpha = 0.001.
"""

import argparse
import json
import statistics
import time

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from rsviz.confidence import PROCEDURES, clopper_pearson_lower, sequence_lower
from rsviz.confidence.stopping import OUT_OF_REACH, PROVED, UNDECIDED, outlook, stopping_status
from rsviz.simulation import class_probabilities, expected_counts, radius

N, ALPHA = 100_000, 0.001
VECTORS, CLASSES = 10_000, 10
SLOW = {"sison-glaz"}
RADII = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5)


def milliseconds(function):
    start = time.process_time()
    function()
    return 1e3 * (time.process_time() - start)


def speed(rounds):
    """Median milliseconds by votes and procedure; `sison-glaz`, one search a vector, for 10 vectors."""
    random = np.random.default_rng(0)
    found = {}
    for n in (1_000, N):
        alike = random.multinomial(n, class_probabilities(0.9, CLASSES, 0.2), VECTORS)
        truths = random.dirichlet([3] + [0.3] * (CLASSES - 1), VECTORS)
        for name, counts in (("alike", alike), ("different", random.multinomial(n, truths))):
            tops = counts.argmax(-1)
            contestants = {
                key: lambda rule=rule, counts=counts, tops=tops: rule.limits(counts, tops, ALPHA)
                for key, rule in PROCEDURES.items()
                if key not in SLOW
            }
            times = {key: [] for key in contestants}
            for _ in range(rounds):
                for key, function in contestants.items():
                    times[key].append(milliseconds(function))
            row = {key: statistics.median(values) for key, values in times.items()}
            few = random.multinomial(n, truths[0], 10)
            row["sison-glaz, 10 vectors"] = milliseconds(
                lambda few=few: PROCEDURES["sison-glaz"].limits(few, few.argmax(-1), ALPHA)
            )
            found[f"{name}, n = {n:,}"] = row
    return found


def cost():
    """Radius of `anytime` over that of the procedure for fixed n: two classes, and ten with an even rest."""
    rows = []
    for p_a in (0.6, 0.9, 0.99, 0.999):
        k = round(p_a * N)
        fixed, always = (float(limit(k, N, ALPHA)) for limit in (clopper_pearson_lower, sequence_lower))
        many = expected_counts(class_probabilities(p_a, CLASSES, 0.01), N)
        split, anytime = (
            float(radius(*PROCEDURES[key].limits(many, [0], ALPHA))[0]) for key in ("split", "anytime")
        )
        rows.append(
            {
                "p_a": p_a,
                "cohen": float(radius(fixed, 1 - fixed)),
                "anytime": float(radius(always, 1 - always)),
                "split_ten": split,
                "anytime_ten": anytime,
            }
        )
    return rows


def with_radius(wanted, classes):
    """Probabilities with an even rest whose radius is `wanted`."""
    if classes == 2:
        return class_probabilities(float(ndtr(wanted)), 2, 1.0)
    p_a = brentq(lambda p: radius(p, (1 - p) / (classes - 1)) - wanted, 1 / classes + 1e-9, 1 - 1e-12)
    return class_probabilities(p_a, classes, 1e-9)


def votes_to_decide(r, truth, runs, seed):
    """(votes until decided (runs,), verdicts (runs,))."""
    random = np.random.default_rng(seed)
    looks = np.unique(np.concatenate([np.geomspace(10, N, 465).astype(int), [N]]))
    counts = np.zeros((runs, len(truth)), dtype=np.int64)
    used, verdicts = np.full(runs, N), np.full(runs, UNDECIDED, dtype=object)
    before = 0
    for now in looks.tolist():
        open_runs = np.flatnonzero(verdicts == UNDECIDED)
        if not len(open_runs):
            break
        counts[open_runs] += random.multinomial(now - before, truth, len(open_runs))
        said = stopping_status(outlook(counts[open_runs], 0, N, ALPHA, radius), r)
        verdicts[open_runs], used[open_runs] = said, now
        before = now
    return used, verdicts


def decisions(runs):
    rows = []
    for classes in (2, CLASSES):
        for r in RADII:
            for factor, right in ((0.5, OUT_OF_REACH), (0.9, OUT_OF_REACH), (1.1, PROVED), (1.5, PROVED)):
                used, verdicts = votes_to_decide(r, with_radius(factor * r, classes), runs, seed=classes)
                rows.append(
                    {
                        "classes": classes,
                        "r": r,
                        "true_over_r": factor,
                        "median_votes": float(np.median(used)),
                        "votes_95": float(np.quantile(used, 0.95)),
                        "most_votes": int(used.max()),
                        "right": float((verdicts == right).mean()),
                        "undecided": float((verdicts == UNDECIDED).mean()),
                    }
                )
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = {"milliseconds": speed(arguments.rounds), "cost": cost(), "decisions": decisions(arguments.runs)}
    if arguments.json:
        print(json.dumps(found))
        return
    print(f"limits of {VECTORS:,} vectors of {CLASSES} classes, ms of processor time")
    for name, row in found["milliseconds"].items():
        print(f"  {name:24}" + "  ".join(f"{key} {value:.0f}" for key, value in row.items()))
    print(f"radius at n = {N:,}, alpha = {ALPHA:g}, sigma = 1")
    for row in found["cost"]:
        print(
            f"  p_A {row['p_a']:<6} two classes: cohen {row['cohen']:.4f} anytime {row['anytime']:.4f} "
            f"({row['anytime'] / row['cohen']:.2%})   ten: split {row['split_ten']:.4f} "
            f"anytime {row['anytime_ten']:.4f} ({row['anytime_ten'] / row['split_ten']:.2%})"
        )
    print(f"votes to decide radius r (of {N:,}; {arguments.runs} runs): median, 95 %, most; right, undecided")
    for row in found["decisions"]:
        print(
            f"  {row['classes']:2} classes, r {row['r']:<4} true {row['true_over_r']} r: "
            f"{row['median_votes']:8,.0f} {row['votes_95']:8,.0f} {row['most_votes']:8,}   "
            f"{row['right']:.1%} {row['undecided']:.1%}"
        )


if __name__ == "__main__":
    main()
