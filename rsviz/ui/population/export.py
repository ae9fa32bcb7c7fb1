"""The export panel of the Population page: the curves, their points and the command."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from rsviz.tasks.population import PopulationCurve, PopulationRequest
from rsviz.tasks.spellings import command_line
from rsviz.ui.export import Export, File, take_home


def show_export(request: PopulationRequest, named: Mapping[str, PopulationCurve]) -> None:
    """The panel for the curves of the picture, by name."""
    export = Export(
        [
            File("Curves, CSV", "population.csv", lambda: _rows(named)),
            File("Points, CSV", "population-points.csv", lambda: _points(named).to_csv(index=False)),
            File("JSON", "population.json", lambda: _json(request, named)),
        ],
        commands=[command_line(request)],
        gives="certifies the same population",
        cites=["nal"],
    )
    take_home(
        "table, command",
        lambda: export,
        above=lambda: st.dataframe(_points(named).set_index("curve"), width="stretch"),
    )


def _points(named: Mapping[str, PopulationCurve]) -> pd.DataFrame:
    frames = (pd.DataFrame(curve.to_json()["points"]).assign(curve=name) for name, curve in named.items())
    return pd.concat(frames)


def _json(request: PopulationRequest, named: Mapping[str, PopulationCurve]) -> str:
    curves = [curve.to_json() for curve in named.values()]
    return json.dumps({"request": request.model_dump(mode="json"), "curves": curves}, indent=1)


def _rows(named: Mapping[str, PopulationCurve]) -> str:
    columns = ("rho", "certificate", "low", "high", "printed", "concave")
    frames = [
        pd.DataFrame({column: getattr(curve, column) for column in columns}).assign(
            curve=name, checkpoint=curve.checkpoint, scale=curve.scale, K=curve.K, r=curve.r
        )
        for name, curve in named.items()
    ]
    rows = pd.concat(frames)
    return rows.assign(epsilon=np.sqrt(rows["rho"])).to_csv(index=False)
