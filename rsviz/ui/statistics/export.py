"""What a person takes home from the Statistics page: the table of the view, and its Python lines."""

import pandas as pd

from rsviz.simulation import Experiment
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.statistics.view import FAST, MOST_PEEKS, Rows

LINES = {
    "certificates": (
        "",
        "outcomes = experiment.outcomes({fast})\n"
        "rates = {{key: outcome.limits_fail.mean() for key, outcome in outcomes.items()}}\n",
    ),
    "peeking": (
        ", peeking",
        "p, n = max(experiment.probabilities), min(experiment.n, {peeks})\n"
        "misled = peeking(p, n, experiment.alpha)  # by the first 10, 11, ... votes\n",
    ),
    "votes": (
        ", radius_by_votes",
        "n = np.unique(np.geomspace(10, 1e7, 90).round().astype(np.int64))\n"
        "radii = radius_by_votes(experiment.probabilities, n, experiment.alpha, {fast})\n",
    ),
    "split": (
        ", radius_by_p_a",
        "p_a, classes = np.linspace(0.505, 0.995, 99), len(experiment.probabilities)\n"
        "share = max(experiment.runner_up_share, 1e-9)\n"
        'keys = ("cohen", "split", "tcertify", "anytime")\n'
        "radii = radius_by_p_a(p_a, classes, share, experiment.n, experiment.alpha, keys)\n",
    ),
    "same": (
        ", same_votes",
        "n = min(experiment.n, 100_000)\n"
        "p_a = np.linspace(0.5, 0.5 + min(3 / np.sqrt(n), 0.45), 200)\n"
        "failures = same_votes(p_a, n, experiment.alpha, experiment.n0)\n",
    ),
}
"""By view: what is imported besides Experiment, and the lines below the experiment."""


def offer(view: str, asked: Experiment, rows: Rows) -> None:
    """The panel. view: key of controls.VIEWS. rows: of its table."""

    def table() -> bytes:
        return pd.DataFrame(rows).to_csv(index=False).encode()

    files = [File("CSV", f"rsviz-statistics-{view}.csv", table)]
    cites = ("cohen", "li", "adre")
    take_home("CSV, Python", lambda: Export(files, python=python_lines(asked, view), cites=cites))


def python_lines(asked: Experiment, view: str) -> str:
    """Lines that compute the numbers of one view in a notebook."""
    truth = ", ".join(f"{value:.6g}" for value in asked.probabilities[:12])
    if len(asked.probabilities) > 12 or abs(sum(map(float, truth.split(", "))) - 1) > 1e-9:
        truth = ", ".join(map(repr, asked.probabilities))
    settings = f"n={asked.n}, alpha={asked.alpha:g}, runs={asked.runs}, seed={asked.seed}, n0={asked.n0}"
    imported, lines = LINES[view]
    numpy = "import numpy as np\n" if "np." in lines else ""
    return (
        f"{numpy}from rsviz.simulation import Experiment{imported}\n\n"
        f"experiment = Experiment(({truth}), {settings})\n"
        f"{lines.format(fast=list(FAST), peeks=MOST_PEEKS)}"
    )
