"""The names that repositories give to the columns of a log, and radii from counts where it has no radii."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from rsviz.bounds import BOUNDS
from rsviz.confidence import clopper_pearson_lower
from rsviz.errors import RsvizError

COLUMNS = ("idx", "label", "predict", "radius", "correct", "time")
"""Of Cohen et al.: of these `correct` and `time` may be missing, the first as it follows from the others."""

OTHER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "idx": ("index", "id", "i", "image", "image_id", "sample"),
        "label": ("true", "target", "y", "gt", "true_label"),
        "predict": ("pred", "prediction", "predicted", "predicted_label", "yhat", "y_hat"),
        "radius": (
            *("radius_proved", "certified_radius", "cert_radius", "proved_radius", "rad", "r"),
            *("radius_l2", "l2_radius", "radius_l1", "l1_radius", "radius_linf", "linf_radius"),
        ),
        "correct": ("is_correct", "hit"),
        "time": ("time_s", "seconds", "elapsed", "runtime", "duration"),
        "count": ("counts", "top_count", "count_a", "na", "n_a"),
        "sigma": ("noise_sd", "noise_std", "noise"),
    }
)
"""Column -> its other names, in small letters, with _ for spaces, dashes and dots."""

_COLUMN = {alias: name for name, aliases in OTHER_NAMES.items() for alias in aliases}
_NORM = re.compile(r"(?:^|_)(l1|l2|linf)(?:_|$)")


@dataclass(frozen=True)
class Counted:
    """How the votes of a log with counts and without radii were drawn.

    scale: sigma of the Gaussian noise, in pixel units. n: votes of each image. alpha: probability of error.
    """

    scale: float
    n: int
    alpha: float = 0.001

    def __post_init__(self):
        if not (self.scale > 0 and self.n >= 1 and 0 < self.alpha < 1):
            raise RsvizError(
                f"sigma is {self.scale:g}, n {self.n} and alpha {self.alpha:g}; sigma must be positive, n at "
                "least 1, and alpha between 0 and 1."
            )

    def radii(self, counts) -> np.ndarray:
        """Radii that `counts` votes for the top class prove, float64 in pixel units; 0 where they prove none.

        sigma * Phi^-1(p_A) with the one-sided Clopper-Pearson limit on p_A.
        Source: Cohen et al. 2019, CERTIFY.
        """
        p_a_lower = clopper_pearson_lower(counts, self.n, self.alpha)
        return BOUNDS["cohen-l2"].certified_radius(p_a_lower, 1 - p_a_lower, self.scale)


def rename(header: Sequence[str]) -> tuple[list[str], str | None]:
    """(names of the columns, those of the field where known; norm that the name of the radius tells).

    A column keeps its name where another one has the field's name already.
    """
    plain = [_plain(name) for name in header]
    names, norm = [], None
    for given, name in zip(header, plain, strict=True):
        known = name if name in OTHER_NAMES else _COLUMN.get(name)
        taken = known in names or (name != known and known in plain)
        names.append(given if known is None or taken else known)
        if names[-1] == "radius" and (told := _NORM.search(name)):
            norm = told[1]
    return names, norm


def _plain(name) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip().lower())


def different_sigmas(cells: Sequence[str]) -> tuple[float, float] | None:
    """(smallest, largest) sigma of the images; None where a cell is no positive number."""
    try:
        values = np.array(cells, np.float64)
    except ValueError:
        return None
    if not len(values) or not (np.isfinite(values) & (values > 0)).all():
        return None
    return float(values.min()), float(values.max())
