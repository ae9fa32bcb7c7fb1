"""What a person takes home of the Noise page: the table, the picture, and lines that draw the same noise."""

import pandas as pd

from rsviz.figures.sheet import side_by_side
from rsviz.noise_size import Comparison
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.noise.view import Shown


def show_export(view: str, compared: Comparison, shown: Shown) -> None:
    """The panel of one view. shown: what the view returned."""
    charts, rows = shown
    files = [File("CSV", f"rsviz-noise-{view}.csv", lambda: pd.DataFrame(rows).to_csv(index=False).encode())]
    if charts:
        files += [File("PNG", f"rsviz-noise-{view}.png", lambda: side_by_side(charts))]
    take_home("CSV, PNG, Python", lambda: Export(files, python=python_lines(compared)))


def python_lines(compared: Comparison) -> str:
    """Lines that draw the noise of the pictures again."""
    rule, shape, seed = compared.rule, compared.x.shape, compared.seed
    return (
        "import numpy as np\n"
        "from rsviz.noise import NOISES\n"
        f"from rsviz.noise_size import {type(rule).__name__}, unit_draw\n\n"
        f"rule, shape = {rule!r}, {tuple(shape)!r}\n"
        "for key in NOISES:\n"
        f"    noise = rule.noise(key, dim={compared.dim})\n"
        f"    z = noise.scale * unit_draw(key, shape, seed={seed})\n"
        "    print(noise, z.std(), np.abs(z).max())\n"
    )
