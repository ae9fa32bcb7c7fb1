"""Up to four runs side by side: what differs between them, and their curves in one picture each."""

import pyarrow as pa
import streamlit as st

from rsviz.bounds import round_down
from rsviz.figures import training as figures
from rsviz.training.history import recorded_run, recorded_runs, shipped_run
from rsviz.training.records import RunRecord
from rsviz.ui.table import markdown_table
from rsviz.ui.train.view import describe
from rsviz.ui.widgets import multiselect, select_slider

MOST = len(figures.LETTERS)
SHIPPED = "example"
LEFT_OUT = {"name", "stored", "device"}


def compare(current: str | None) -> None:
    """The choice of runs and, of at least two, the comparison. current: the job on the page, or None."""
    runs = {SHIPPED: shipped_run()} | recorded_runs()
    chosen = _choose(runs, current)
    if len(chosen) < 2:
        st.caption("Choose at least two runs: the example, or what was trained on this machine.")
        return
    whole = [shipped_run() if key == SHIPPED else recorded_run(key) for key in chosen]
    lettered = dict(zip(figures.LETTERS, whole, strict=False))
    st.markdown(_table(lettered))
    _over_epochs(lettered)


def _choose(runs, current) -> list[str]:
    asked = [key for key in _from_url() if key in runs]
    if "t_compare" not in st.session_state:
        st.session_state["t_compare"] = asked or [key for key in (SHIPPED, current) if key in runs]
    else:  # a run may have been forgotten meanwhile
        st.session_state["t_compare"] = [key for key in st.session_state["t_compare"] if key in runs]
    chosen = multiselect(
        "Runs",
        list(runs),
        format_func=lambda key: _title(runs[key], key),
        key="t_compare",
        max_selections=MOST,
        placeholder="Up to four runs",
    )
    if len(chosen) >= 2:
        st.query_params["compare"] = ",".join(chosen)
    else:
        st.query_params.pop("compare", None)
    return chosen


def _from_url() -> list[str]:
    return st.query_params.get("compare", "").split(",")[:MOST]


def _title(run, key) -> str:
    state = {"done": "", "stopped": ", stopped", "failed": ", failed"}.get(
        run.end.state if run.end else "", ""
    )
    mine = " (the example)" if key == SHIPPED else ""
    return f"{run.info.name}{mine} · {describe(run)}{state}"


def _table(runs: dict[str, RunRecord]) -> str:
    """A Markdown table: the settings in which the runs differ, and how they came out."""
    rows = {"run": {letter: f"{_colour(letter)} **{letter}**" for letter in runs}}
    rows["name"] = {letter: run.info.name for letter, run in runs.items()}
    settings = {letter: _settings(run) for letter, run in runs.items()}
    for name in dict.fromkeys(name for values in settings.values() for name in values):
        values = {letter: settings[letter].get(name, "") for letter in runs}
        if len(set(values.values())) > 1:
            rows[name] = values
    rows["right without noise"] = {letter: _last(run, "clean_accuracy") for letter, run in runs.items()}
    rows["right under noise"] = {letter: _last(run, "noisy_accuracy") for letter, run in runs.items()}
    rows["seconds of training"] = {
        letter: f"{run.steps[-1].seconds:.0f}" if run.steps else "" for letter, run in runs.items()
    }
    head, *lines = ([name, *(cells[letter] for letter in runs)] for name, cells in rows.items())
    return markdown_table(head, lines)


def _colour(letter) -> str:
    names = dict(zip(figures.LETTERS, ("blue", "orange", "green", "violet"), strict=True))
    return f":{names[letter]}[■]"


def _settings(run) -> dict[str, str]:
    request = {name: value for name, value in run.request.items() if name not in LEFT_OUT}
    request |= request.pop("parameters", {})
    return {name.replace("_", " "): "" if value is None else f"{value}" for name, value in request.items()}


def _last(run, field) -> str:
    value = getattr(run.validations[-1], field) if run.validations else None
    return "" if value is None else f"{100 * value:.1f} %"


def _over_epochs(runs: dict[str, RunRecord]) -> None:
    epochs = max(run.info.epochs for run in runs.values())
    left, right = st.columns(2, gap="medium")
    for column, field, title in (
        (left, "clean_accuracy", "right without noise (%)"),
        (right, "noisy_accuracy", "right under noise (%)"),
    ):
        curves = {
            letter: _curve(run, lambda look, field=field: getattr(look, field))
            for letter, run in runs.items()
        }
        _draw(column, curves, title, epochs)
    with left:
        radius = _choose_radius(runs)
    if radius is None:
        return
    curves = {
        letter: _curve(run, lambda look, run=run: _certified_at(run, look, radius))
        for letter, run in runs.items()
    }
    _draw(left, curves, f"certified at {round_down(radius, 3)} (%)", epochs)
    columns = {"radius": [], "value": [], "run": []}
    for letter, run in runs.items():
        certified = run.validations[-1].certified if run.validations else None
        for at, share in zip(run.info.radii, certified or (), strict=False):
            columns["radius"].append(at)
            columns["value"].append(100 * share)
            columns["run"].append(letter)
    right.vega_lite_chart(
        pa.table(columns),
        figures.certified_side_by_side_spec(list(runs)),
        alt=f"Certified accuracy by radius after the last look at each of {len(runs)} runs",
    )


def _draw(column, curves, title, epochs):
    curves = {letter: curve for letter, curve in curves.items() if curve[0]}
    if not curves:
        return
    columns = figures.curves_columns(curves, limits=(0, 100))
    spec = figures.side_by_side_spec(list(curves), title, epochs=epochs, domain=(0, 100))
    column.vega_lite_chart(pa.table(columns), spec, alt=f"{title} by epoch, for each of {len(curves)} runs")


def _curve(run, value):
    """(epochs, percent) of the validations that have a value."""
    known = [(look.epoch, 100 * share) for look in run.validations if (share := value(look)) is not None]
    return [epoch for epoch, _ in known], [share for _, share in known]


def _choose_radius(runs) -> float | None:
    """A radius at which to follow the certified accuracy, of those that some run was looked at."""
    longest = max((run.info.radii for run in runs.values()), key=len, default=())
    if not longest:
        return None
    return select_slider(
        "Radius at which to follow the certified accuracy",
        longest,
        longest[len(longest) // 3],
        format_func=lambda radius: f"{round_down(radius, 3):g}",
        key="t_radius",
    )


def _certified_at(run, look, radius):
    """Certified accuracy at the next radius of the grid that is no smaller, which is no more; or None."""
    if look.certified is None:
        return None
    beyond = [share for at, share in zip(run.info.radii, look.certified, strict=True) if at >= radius]
    return beyond[0] if beyond else 0.0
