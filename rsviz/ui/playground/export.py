"""What a person takes home of the Playground page: the picture, the map, and lines that compute it again."""

import pandas as pd
import streamlit as st

from rsviz.figures.plane import plane_chart, plane_title
from rsviz.figures.sheet import side_by_side
from rsviz.plane import SCENES, Settings, map_table, plane_bound
from rsviz.plane.networks import NETWORKS
from rsviz.plane.states import smoothed
from rsviz.reference.citations import of_bounds
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.playground.address import ADDRESS, class_map, title

FILE = "rsviz-playground"


def show_export() -> None:
    """The panel."""
    take_home("PNG, SVG, CSV, Python", _export)


def _export() -> Export:
    values = ADDRESS.values()
    settings = Settings(**{key: values[key] for key in Settings.__dataclass_fields__})
    g = smoothed(class_map(values), settings)

    def picture(form):
        return side_by_side({plane_title(g, settings, title(values)): plane_chart(g, settings)}, form)

    files = [
        File("PNG", f"{FILE}.png", lambda: picture("png")),
        File("SVG", f"{FILE}.svg", lambda: picture("svg")),
        File("CSV", f"{FILE}.csv", lambda: pd.DataFrame(map_table(g)).to_csv(index=False).encode()),
    ]
    bound = plane_bound(g.noise)
    st.caption(f"The radius is that of {bound.title}: {bound.paper}.")
    return Export(files, python=python_lines(values), cites=of_bounds([bound.key]))


def python_lines(values) -> str:
    """Lines that compute the numbers of the picture in a notebook. values: of the page's fields."""
    imported = ""
    if values["scene"] in NETWORKS:
        imported = "from rsviz.plane.networks import NETWORKS\n"
        found = f"NETWORKS[{values['scene']!r}].class_map()"
    elif values["scene"] in SCENES:
        found = f"SCENES[{values['scene']!r}].class_map({values['variant']})"
    else:
        drawing = class_map(values)
        found = f"ClassMap.from_runs({drawing.runs()!r}, {drawing.classes})"
    clipped = ".clipped()" if values["clip"] else ""
    point = f"({values['x']}, {values['y']})"
    return (
        "from rsviz.noise import NOISES\n"
        "from rsviz.plane import *\n"
        f"{imported}\n"
        f"f = {found}{clipped}\n"
        f"g = SmoothedPlane(f, NOISES[{values['noise']!r}]({values['scale']}))\n"
        f"found = certify_point(g, {point}, {values['runner_up']!r})\n"
        "print(found, true_radius(g, " + point + ", found.norm), attack_point(g, " + point + "))\n"
    )
