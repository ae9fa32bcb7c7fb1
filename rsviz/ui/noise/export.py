"""What a person takes home of the Noise page: the table, the picture, and lines that draw the same noise."""

from collections.abc import Mapping, Sequence

import pandas as pd

from rsviz.bounds import BOUNDS
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
    python = python_lines(compared) + view_lines(view, compared, rows)
    take_home("CSV, PNG, Python", lambda: Export(files, python=python, cites=["unified"]))


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


def view_lines(view: str, compared: Comparison, rows: Sequence[Mapping]) -> str:
    """Lines below those of `python_lines` that compute the numbers of one view. rows: of its table."""
    dim, seed, p_a, p_b = compared.dim, compared.seed, compared.p_a, compared.p_b
    if view == "density":
        return (
            "\n# two pixels\nfrom rsviz.noise_size import unit_plane\n\n"
            f"points = {{key: rule.noise(key, dim=2).scale * unit_plane(key, {seed}) for key in NOISES}}\n"
        )
    if view == "pixel":
        ends = (rows[0]["z"], rows[-1]["z"])
        return (
            f"\n# one pixel\nt = np.linspace({ends[0]!r}, {ends[1]!r}, {len(rows)})\n"
            f"densities = {{key: rule.noise(key, {dim}).marginal_density(t, {dim}) for key in NOISES}}\n"
        )
    if view == "growth":
        return (
            "\n# mean norms against the dimension\nfrom rsviz.noise_size import expected_norms\n\n"
            "dims = np.unique(np.rint(np.geomspace(2, 150_528, 60)).astype(int))\n"
            "means = {(norm, key): expected_norms(rule, key, norm, dims)\n"
            '         for norm in ("l2", "linf") for key in NOISES}\n'
        )
    if view == "radius":
        norm, hold, size = (rows[0][key] for key in ("norm", "hold", "size"))
        keys = [key for key in rows[0] if key in BOUNDS]
        return (
            "\n# radius against the dimension\nfrom rsviz.bounds import BOUNDS\n"
            "from rsviz.noise_size import radius_against_dimension\n\n"
            "dims = np.unique(np.rint(np.geomspace(2, 150_528, 60)).astype(int))\n"
            f"radii = {{key: radius_against_dimension(BOUNDS[key], {norm!r}, {p_a!r}, {p_b!r}, dims, "
            f"{size!r}, {hold!r})\n         for key in {keys!r}}}\n"
        )
    return (
        "\n# the table\nfrom rsviz.noise_size import Comparison\n\n"
        f"numbers = Comparison(rule, np.zeros(shape, np.float32), {seed}, {p_a!r}, {p_b!r}).numbers()\n"
    )
