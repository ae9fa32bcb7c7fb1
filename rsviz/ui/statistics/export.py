"""What a person takes home from the Statistics page: the table of the view, and Python lines."""

import pandas as pd

from rsviz.simulation import Experiment
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.statistics.view import FAST, Rows


def offer(view: str, asked: Experiment, rows: Rows) -> None:
    """The panel. view: key of controls.VIEWS. rows: of its table."""

    def table() -> bytes:
        return pd.DataFrame(rows).to_csv(index=False).encode()

    files = [File("CSV", f"rsviz-statistics-{view}.csv", table)]
    take_home("CSV, Python", lambda: Export(files, python=python_lines(asked)))


def python_lines(asked: Experiment) -> str:
    """Lines that draw the same certificates in a notebook."""
    truth = ", ".join(f"{value:.6g}" for value in asked.probabilities[:12])
    if len(asked.probabilities) > 12 or abs(sum(map(float, truth.split(", "))) - 1) > 1e-9:
        truth = ", ".join(map(repr, asked.probabilities))
    settings = f"n={asked.n}, alpha={asked.alpha:g}, runs={asked.runs}, seed={asked.seed}, n0={asked.n0}"
    return (
        "from rsviz.simulation import Experiment\n\n"
        f"experiment = Experiment(({truth}), {settings})\n"
        f"outcomes = experiment.outcomes({list(FAST)!r})\n"
        "rates = {key: outcome.limits_fail.mean() for key, outcome in outcomes.items()}\n"
    )
