"""Speed of the bounds: all on a 201 x 201 grid, and Li's supremum against a scalar optimiser per point.

    python -m benchmarks.bounds [--rounds 15] [--loop-points 400] [--json]

Processor time of one process (nothing here uses threads), the contestants taking turns; medians are told.
The loop is timed on evenly spread points of the grid and scaled to all of them.
"""

import argparse
import json
import statistics
import time

import numpy as np
from scipy.optimize import minimize_scalar

from rsviz.bounds import BOUNDS, triangle

DIM = 3072


def loop_of_optimisers(p_a, p_b):
    """Li's radius the plain way: scipy.optimize over alpha in [1, 3/2], one point at a time."""
    radii = np.empty(len(p_a))
    for i, (a, b) in enumerate(zip(p_a, p_b, strict=True)):

        def minus_square(alpha, a=a, b=b):
            mean = ((a ** (1 - alpha) + b ** (1 - alpha)) / 2) ** (1 / (1 - alpha))
            return 2 / alpha * np.log(1 - a - b + 2 * mean)

        found = minimize_scalar(minus_square, bounds=(1 + 1e-6, 1.5), method="bounded")
        radii[i] = np.sqrt(max(-found.fun, 0.0))
    return radii


def milliseconds(function):
    start = time.process_time()
    function()
    return 1e3 * (time.process_time() - start)


def measure(rounds, loop_points):
    p_a, p_b = triangle(201)
    inside = np.flatnonzero((p_b > 0) & (p_a > p_b))
    sample = inside[np.linspace(0, len(inside) - 1, loop_points).astype(int)]
    contestants = {
        key: lambda bound=bound: bound.radius(p_a, p_b, scale=0.5, dim=DIM) for key, bound in BOUNDS.items()
    }
    contestants["all"] = lambda: [bound.radius(p_a, p_b, scale=0.5, dim=DIM) for bound in BOUNDS.values()]
    contestants["scipy loop, sample"] = lambda: loop_of_optimisers(p_a[sample], p_b[sample])
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, function in contestants.items():
            times[name].append(milliseconds(function))
    medians = {name: statistics.median(values) for name, values in times.items()}
    loop = medians.pop("scipy loop, sample") * len(p_a) / len(sample)
    ours, theirs = (
        BOUNDS["li-l2"].radius(p_a[sample], p_b[sample]),
        loop_of_optimisers(p_a[sample], p_b[sample]),
    )
    return {
        "points": len(p_a),
        "milliseconds": medians,
        "scipy_loop_milliseconds": loop,
        "li_times_faster_than_loop": loop / medians["li-l2"],
        "largest_relative_difference_to_loop": float(np.max(np.abs(ours - theirs) / ours)),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--loop-points", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.rounds, arguments.loop_points)
    if arguments.json:
        print(json.dumps(found))
        return
    print(
        f"{found['points']} points of the 201 x 201 grid; processor time, median of {arguments.rounds} rounds"
    )
    for name, value in found["milliseconds"].items():
        print(f"  {name:18}{value:9.2f} ms")
    print(f"  scipy loop, li-l2 {found['scipy_loop_milliseconds']:9.0f} ms")
    print(f"li-l2 is {found['li_times_faster_than_loop']:.0f} times faster than the loop; ", end="")
    print(f"largest relative difference {found['largest_relative_difference_to_loop']:.1e}")


if __name__ == "__main__":
    main()
