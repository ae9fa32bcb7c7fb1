"""What a person takes home from the Bounds page: the table, the picture, and Python lines."""

import functools
from collections.abc import Mapping

import pandas as pd

from rsviz.comparison import REGIONS, Setting, line, radius
from rsviz.figures.sheet import side_by_side
from rsviz.ui.bounds.controls import Choice
from rsviz.ui.export import Export, File, take_home


def offer(asked: Choice, charts: Mapping[str, dict]) -> None:
    """The panel. charts: Vega-Lite by title; none of a picture that saves itself."""
    files = [File("CSV", "rsviz-bounds.csv", lambda: table(asked))]
    for form in ("png", "svg") if charts else ():
        picture = functools.partial(side_by_side, charts, form, columns=3)
        files.append(File(form.upper(), f"rsviz-bounds.{form}", picture))
    take_home("CSV, picture, Python", lambda: Export(files, python=python_lines(asked.keys, asked.setting)))


def table(asked: Choice) -> bytes:
    """The radii of the picture as CSV: p_a, p_b, and a column for each bound."""
    if asked.view == "slice":
        p_a, p_b = line(asked.share)
    else:
        p_a, p_b, _ = REGIONS[asked.region].cells()
    columns = {key: radius(key, p_a, p_b, asked.setting) for key in asked.keys}
    return pd.DataFrame({"p_a": p_a, "p_b": p_b, **columns}).to_csv(index=False).encode()


def python_lines(keys: tuple[str, ...], setting: Setting) -> str:
    """Lines that compute the radii of the picture in a notebook."""
    settings = [f"scale={setting.scale:g}"]
    settings += ["equal_deviation=True"] if setting.equal_deviation else []
    settings += [f"dim={setting.dim}"]
    settings += [f'norm="{setting.norm}"'] if setting.norm else []
    settings += [f"c={setting.c:g}"]
    votes = setting.votes
    if votes is not None:
        settings += [
            f'votes=ExpectedVotes(n={votes.n}, alpha={votes.alpha:g}, procedure="{votes.procedure}")'
        ]
    names = "ExpectedVotes, Setting, cells, radius" if votes is not None else "Setting, cells, radius"
    return (
        f"from rsviz.comparison import {names}\n\n"
        f"setting = Setting({', '.join(settings)})\n"
        "p_a, p_b, side = cells(120)\n"
        f"radii = {{key: radius(key, p_a, p_b, setting) for key in {list(keys)!r}}}\n"
    )
