"""What a person takes home from the Bounds page: the table, the picture, and Python lines."""

import functools
from collections.abc import Mapping

import pandas as pd

from rsviz.comparison import REGIONS, cells, line, radius, ratio, winners
from rsviz.figures.sheet import side_by_side
from rsviz.reference.citations import of_bounds
from rsviz.ui.bounds.controls import MAP_STEPS, Choice
from rsviz.ui.export import Export, File, take_home


def offer(asked: Choice, charts: Mapping[str, dict]) -> None:
    """The panel. charts: Vega-Lite by title; none of a picture that saves itself."""
    name = f"rsviz-bounds-{asked.view}"
    files = [File("CSV", f"{name}.csv", lambda: table(asked))]
    for form in ("png", "svg") if charts else ():
        picture = functools.partial(side_by_side, charts, form, columns=3)
        files.append(File(form.upper(), f"{name}.{form}", picture))
    cites = of_bounds(asked.keys)
    take_home("CSV, picture, Python", lambda: Export(files, python=python_lines(asked), cites=cites))


def table(asked: Choice) -> bytes:
    """The numbers of the picture as CSV: p_a, p_b, a column for each bound, and what the view shows."""
    if asked.view == "slice":
        p_a, p_b = line(asked.share)
    elif asked.view == "map":
        p_a, p_b, _ = cells(MAP_STEPS)
    else:
        p_a, p_b, _ = REGIONS[asked.region].cells()
    columns = {key: radius(key, p_a, p_b, asked.setting) for key in asked.keys}
    if asked.view == "ratio":
        columns["ratio"] = ratio(*asked.keys, p_a, p_b, asked.setting)
    if asked.view == "winner" and (keys := asked.contestants):
        places = winners(keys, p_a, p_b, asked.setting)
        columns["winner"] = [keys[place] if place >= 0 else "" for place in places]
    return pd.DataFrame({"p_a": p_a, "p_b": p_b, **columns}).to_csv(index=False).encode()


VIEW_LINES = {
    "map": ("cells, radius", "p_a, p_b, side = cells({steps})\n{radii}"),
    "slice": ("line, radius", "p_a, p_b = line({share:g})\n{radii}"),
    "surfaces": ("surfaces", "p_a, p_b, radii = surfaces({keys}, setting)\n"),
    "ratio": (
        "REGIONS, ratio",
        'p_a, p_b, side = REGIONS["{region}"].cells()\nratios = ratio(*{keys}, p_a, p_b, setting)\n',
    ),
    "winner": (
        "REGIONS, winners",
        'p_a, p_b, side = REGIONS["{region}"].cells()\n'
        "# an index into the bounds, -1 where nothing is certified\n"
        "largest = winners({contestants}, p_a, p_b, setting)\n",
    ),
}
"""Names that the lines of each view import besides Setting, and the lines below the setting."""


def python_lines(asked: Choice) -> str:
    """Lines that compute the numbers of the picture in a notebook."""
    setting, votes = asked.setting, asked.setting.votes
    settings = [f"scale={setting.scale:g}"]
    settings += ["equal_deviation=True"] if setting.equal_deviation else []
    settings += [f"dim={setting.dim}"]
    settings += [f'norm="{setting.norm}"'] if setting.norm else []
    settings += [f"c={setting.c:g}"]
    if votes is not None:
        settings += [
            f'votes=ExpectedVotes(n={votes.n}, alpha={votes.alpha:g}, procedure="{votes.procedure}")'
        ]
    imported, lines = VIEW_LINES[asked.view]
    names = [*(["ExpectedVotes"] if votes is not None else []), "Setting", *imported.split(", ")]
    keys = list(asked.keys)
    lines = lines.format(
        steps=MAP_STEPS,
        share=asked.share,
        region=asked.region,
        keys=keys,
        contestants=asked.contestants,
        radii=f"radii = {{key: radius(key, p_a, p_b, setting) for key in {keys!r}}}\n",
    )
    return (
        f"from rsviz.comparison import {', '.join(sorted(names))}\n\n"
        f"setting = Setting({', '.join(settings)})\n{lines}"
    )
