"""The two charts of a finished attack: the ruler, and the path from one image to the other."""

from rsviz.figures import attack as figures
from rsviz.tasks.attack import AttackResult

FEW = 48
"""Pixels of a row of the ruler that has only two."""


def ruler(result: AttackResult, only_best: bool = False) -> tuple[dict, dict]:
    """Columns and spec of the ruler. only_best: of what is proved, only the farthest."""
    radii, norm, found = result.radii_in_norm, result.norm, result.distance
    if only_best:
        best = max(radii, key=radii.get, default=None)
        radii = {} if best is None else {best: radii[best]}
    columns = figures.ruler_columns(radii, found, result.verdict)
    end = figures.extent(radii, found, result.epsilon)
    row = {"row": FEW} if only_best else {}
    return columns, figures.ruler_spec(norm, end, len(columns["name"]), **row)


def path_chart(result: AttackResult) -> tuple[dict, dict]:
    """Columns and spec of the path."""
    path = result.path
    spec = figures.path_spec(path.norm, bool(result.noise), bool(path.envelope), len(path.share))
    return figures.path_columns(path.to_json()), spec
