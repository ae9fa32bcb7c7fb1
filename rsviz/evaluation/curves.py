"""From radii to what is reported of a test set. Arrays in, arrays out: radius (N,) and correct (N,) an image.

They may come from our votes, from a log of the field, or from anything else that has these two columns.
"""

import numpy as np
from scipy.stats import binom

from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper
from rsviz.errors import RsvizError
from rsviz.evaluation.logs import ABSTAIN

CERTIFIED, CLOSER, WRONG, ABSTAINED = "certified", "correct, but not so far", "wrong", "abstained"
OUTCOMES = (CERTIFIED, CLOSER, WRONG, ABSTAINED)


def certified(radius, correct, at) -> np.ndarray:
    """Images that are classified correctly with a radius of at least r, for every r of `at`.

    radius: float (N,) in pixel units. correct: bool (N,). at: radii >= 0 of any shape. int64, shape of `at`.
    Source: Cohen et al. 2019, Section 4: a radius R proves the class inside the open ball, so r = R counts.
    """
    radius, correct = _checked(radius, correct)
    proved = np.sort(radius[correct])
    return len(proved) - np.searchsorted(proved, np.asarray(at, np.float64), side="left")


def certified_accuracy(radius, correct, at) -> np.ndarray:
    """`certified` as a share of all N images, float64."""
    return certified(radius, correct, at) / len(radius)


def steps(radius, correct, most: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """The whole curve of certified accuracy: (r, accuracy at r), as few points as draw it.

    The first point is r = 0; between two points the curve has the value of the later one ("step-before"),
    after the last it is 0. Above `most` points fewer of them are given: each is true, and what is drawn
    between them is never above the truth.
    """
    radius, correct = _checked(radius, correct)
    r = np.unique(np.append(radius[correct], 0.0))
    if len(r) > most:
        r = r[np.unique(np.linspace(0, len(r) - 1, most).round().astype(int))]
    return r, certified_accuracy(radius, correct, r)


def average_certified_radius(radius, correct) -> float:
    """ACR: the mean over all images of the radius, 0 where the class is wrong or none is given.

    It is the area under the curve of certified accuracy. Source: Zhai et al. 2020 (MACER), Section 5.
    """
    radius, correct = _checked(radius, correct)
    return float(np.where(correct, radius, 0.0).mean())


def envelope(accuracies) -> tuple[np.ndarray, np.ndarray]:
    """The largest of several curves at each radius, and which it is: (R,) float64 and int64.

    accuracies: (curves, R), each at the same radii, say for several sigma. The envelope is no classifier's
    curve: at another radius another classifier is the best.
    """
    accuracies = np.asarray(accuracies, np.float64)
    return accuracies.max(0), accuracies.argmax(0)


def pointwise_band(count, images: int, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Limits on the accuracy in the population, at each radius for itself: two-sided Clopper-Pearson.

    count: what `certified` gave. images: N. alpha: probability of error of one radius, alpha / 2 a side.
    It takes the N images for independent draws from the population of which the accuracy is meant, and the
    radii as they are: that a certificate is false with probability alpha of its own is not in it, see
    `false_certificates`.
    """
    count = np.asarray(count)
    _check_level(alpha)
    return clopper_pearson_lower(count, images, alpha / 2), clopper_pearson_upper(count, images, alpha / 2)


def simultaneous_band(count, images: int, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Limits that hold at all radii at once: accuracy -+ sqrt(log(2 / alpha) / (2 N)), within [0, 1].

    count, images, assumptions: as for `pointwise_band`. With it one may pick the radius afterwards.
    Source: Dvoretzky, Kiefer and Wolfowitz 1956 with the constant of Massart 1990.
    """
    _check_level(alpha)
    accuracy, width = np.asarray(count) / images, np.sqrt(np.log(2 / alpha) / (2 * images))
    return np.maximum(accuracy - width, 0.0), np.minimum(accuracy + width, 1.0)


def false_certificates(images: int, alpha: float, level: float = 0.05) -> int:
    """How many of N certificates are false at most, but for a probability of `level`.

    alpha: of each certificate. Certificates of images that share no noise are independent, so the number of
    false ones is at most binomial(N, alpha), and this is its upper quantile: so many images fewer may be
    certified in truth.
    """
    _check_level(alpha)
    _check_level(level)
    return int(binom.ppf(1 - level, images, alpha))


def outcomes(predict, label, radius, at: float) -> np.ndarray:
    """What became of every image at the radius `at`: one of OUTCOMES, object (N,)."""
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
