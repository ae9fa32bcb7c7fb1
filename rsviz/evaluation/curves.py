"""Statistics of a test set from the radius and the correctness of each image. Arrays in, arrays out.

The two columns may come from stored votes, from a log of the field, or from any other source.
"""

import numpy as np
from numpy.typing import ArrayLike

from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper
from rsviz.errors import RsvizError
from rsviz.evaluation.logs import ABSTAIN
from rsviz.lazy import lazy

stats = lazy("scipy.stats")

CERTIFIED, CLOSER, WRONG, ABSTAINED = "certified", "correct, but not so far", "wrong", "abstained"
OUTCOMES = (CERTIFIED, CLOSER, WRONG, ABSTAINED)


def certified_count(radius: ArrayLike, correct: ArrayLike, at: ArrayLike) -> np.ndarray:
    """Number of images that are certified correct at the radii `at`.

    radius: float (N,) in pixel units. correct: bool (N,). at: radii >= 0 of any shape.
    Returns int64 of the shape of `at`.
    Source: Cohen et al. 2019, Section 4: a radius R proves the class inside the open ball, so r = R counts.
    """
    radius, correct = _checked(radius, correct)
    proved = np.sort(radius[correct])
    return len(proved) - np.searchsorted(proved, np.asarray(at, np.float64), side="left")


def certified_accuracy(radius: ArrayLike, correct: ArrayLike, at: ArrayLike) -> np.ndarray:
    """`certified_count` as a share of all N images, float64."""
    return certified_count(radius, correct, at) / len(np.asarray(radius))


def accuracy_steps(
    radius: ArrayLike, correct: ArrayLike, max_points: int = 1000
) -> tuple[np.ndarray, np.ndarray]:
    """The whole curve of certified accuracy as (r, accuracy at r), with no more points than it needs.

    The first point is r = 0. Between two points the curve has the value of the later one ("step-before");
    after the last point it is 0. A curve with more than `max_points` steps is thinned: every point is exact,
    and the drawn line is never above the curve.
    """
    radius, correct = _checked(radius, correct)
    r = np.unique(np.append(radius[correct], 0.0))
    if len(r) > max_points:
        r = r[np.unique(np.linspace(0, len(r) - 1, max_points).round().astype(int))]
    return r, certified_accuracy(radius, correct, r)


def average_certified_radius(radius: ArrayLike, correct: ArrayLike) -> float:
    """ACR: the mean radius over all images, counting 0 for a wrong class and for an abstention.

    It is the area under the curve of certified accuracy. Source: Zhai et al. 2020 (MACER), Section 5.
    """
    radius, correct = _checked(radius, correct)
    return float(np.where(correct, radius, 0.0).mean())


def envelope(accuracies: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The largest of several curves at each radius, and its place: (R,) float64 and int64.

    accuracies: (curves, R), all at the same radii, for instance of several sigma. No single classifier has
    this curve: at another radius another one is best.
    """
    accuracies = np.asarray(accuracies, np.float64)
    return accuracies.max(0), accuracies.argmax(0)


def pointwise_band(count: ArrayLike, images: int, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Limits on the accuracy in the population that hold at each radius alone: two-sided Clopper-Pearson.

    count: as from `certified_count`. images: N. alpha: probability of error at one radius, alpha / 2 a side.
    It assumes that the N images are independent draws from the population, and takes the radii as given: the
    probability that a certificate is false is not part of it, see `false_certificates`.
    """
    count = np.asarray(count)
    _check_level(alpha)
    return clopper_pearson_lower(count, images, alpha / 2), clopper_pearson_upper(count, images, alpha / 2)


def simultaneous_band(count: ArrayLike, images: int, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Limits that hold at all radii at once: accuracy -+ sqrt(log(2 / alpha) / (2 N)), within [0, 1].

    The radius may be chosen after looking. count, images, assumptions: as for `pointwise_band`.
    Source: Dvoretzky, Kiefer and Wolfowitz 1956 with the constant of Massart 1990.
    """
    _check_level(alpha)
    accuracy, width = np.asarray(count) / images, np.sqrt(np.log(2 / alpha) / (2 * images))
    return np.maximum(accuracy - width, 0.0), np.minimum(accuracy + width, 1.0)


def false_certificates(images: int, alpha: float, level: float = 0.05) -> int:
    """The largest number of false certificates among N, exceeded with probability at most `level`.

    alpha: probability of error of each certificate. Certificates of images that share no noise are
    independent, so the number of false ones is at most binomial(N, alpha); this is its upper quantile.
    """
    _check_level(alpha)
    _check_level(level)
    return int(stats.binom.ppf(1 - level, images, alpha))


def outcomes(predict: ArrayLike, label: ArrayLike, radius: ArrayLike, at: float) -> np.ndarray:
    """The outcome of every image at the radius `at`: one of OUTCOMES, object (N,)."""
    predict, label, radius = np.asarray(predict), np.asarray(label), np.asarray(radius)
    result = np.where(radius >= at, CERTIFIED, CLOSER).astype(object)
    result[predict != label] = WRONG
    result[predict == ABSTAIN] = ABSTAINED
    return result


def _checked(radius, correct):
    radius, correct = np.asarray(radius, np.float64), np.asarray(correct, bool)
    if radius.ndim != 1 or radius.shape != correct.shape or not len(radius):
        raise RsvizError(
            f"radius and correct have shapes {radius.shape} and {correct.shape}; they must be one row of at "
            "least one image each."
        )
    if not (radius >= 0).all():
        raise RsvizError("radius holds values below 0 or NaN; radii must be at least 0.")
    return radius, correct


def _check_level(alpha):
    if not 0 < alpha < 1:
        raise RsvizError(f"alpha is {alpha}; it must lie between 0 and 1.")
