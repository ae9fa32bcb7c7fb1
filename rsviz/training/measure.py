"""What a network can do: clean and noisy accuracy, votes, certified accuracy; during training and after it.

Each validation uses the same test images and the same draws, so only the network changes from epoch to
epoch. The best epoch is chosen by training images (`criterion`), never by these test images.
"""

import math
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtri

from rsviz.bounds import certifying
from rsviz.checkpoints import Card, Metric, load_checkpoint, rewrite_card, save_survey
from rsviz.checkpoints.storage import locate
from rsviz.data import Dataset, load
from rsviz.execution import Runner, pick_device, plan
from rsviz.generators import mapped
from rsviz.noise import NOISES
from rsviz.noise.streams import ESTIMATION, SELECTION
from rsviz.smoothing import certificates
from rsviz.training.prepare import Images
from rsviz.training.records import StageProgress, Validation
from rsviz.voting import count_votes, spans_of


@dataclass(frozen=True)
class Terms:
    """How certified accuracy is measured: CERTIFY on the first `images` test images, seed = image number.

    n0, n: draws that select the class and that bound its probability. alpha: probability of error for each
    image. procedure: key of PROCEDURES.
    """

    images: int
    n0: int
    n: int
    alpha: float = 0.001
    procedure: str = "cohen"

    def __str__(self) -> str:
        return f"n0 = {self.n0}, n = {self.n}, alpha = {self.alpha}, seed = the image's number"


VALIDATION = Terms(images=100, n0=20, n=100)
FINAL = Terms(images=1000, n0=100, n=1000)
RADII = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Radii of the certified accuracy on a card, pixel units."""

SHOWN_IMAGES = 8
"""Test images with recorded votes in a validation."""

HELD_OUT_DRAWS = 8
STEPS_OF_RADII = 16

VALUES_ON_CPU, VALUES = 2**16, 2**22
"""Pixels in one pass: short enough on a processor for a slice of a job, enough to keep a GPU busy."""

REPORT_EVERY = 0.1
"""Seconds between two reports."""


class Validator:
    """Measures a network on test images: between epochs of training (`validate`), and at the end (`measure`).

    test: the test split. noise: the mechanism that the network is trained under, or None. held_out: images
    kept out of training, or None.
    radii: at which a validation tells the certified accuracy, in pixel units; empty without noise.
    validation_passes, measuring_passes: images that go through the network in `validate` and in `measure`.
    """

    def __init__(self, test: Dataset, noise, device: torch.device, held_out: Images | None = None):
        self.test, self.noise, self.device, self.held_out = test, noise, device, held_out
        self.images = Images.of(test, device, slice(None, FINAL.images))
        self.shape = tuple(self.images.x.shape[1:])
        self.certified_images = min(VALIDATION.images, len(test)) if noise else 0
        self.shown = tuple(range(min(SHOWN_IMAGES, len(test))))
        self.radii = self._grid() if noise else ()
        votes = self.certified_images * (VALIDATION.n0 + VALIDATION.n)
        held_out_passes = len(held_out) * (HELD_OUT_DRAWS if noise else 1) if held_out else 0
        self.validation_passes = len(self.images) + votes + held_out_passes
        final_votes = len(self.images) * (FINAL.n0 + FINAL.n) if noise else 0
        self.measuring_passes = len(test) + final_votes
        values = VALUES_ON_CPU if device.type == "cpu" else VALUES
        self._batch = max(1, values // math.prod(self.shape))

    def settings(self) -> dict:
        """The fields of RunInfo that describe the validations."""
        how = f"clean accuracy on the first {len(self.images):,} test images"
        if self.noise:
            how += (
                f"; certified accuracy by {self.noise.norm} radius in pixel units: share of the first "
                f"{self.certified_images} test images that CERTIFY (Cohen et al. 2019) proves in the right "
                f"class, {self._noise_words}, {VALIDATION}; noisy accuracy: share of these n votes that go "
                "to the true class"
            )
        return {
            "criterion": criterion(len(self.held_out or ()), self.noise),
            "clean_images": len(self.images),
            "certified_images": self.certified_images,
            "n0": VALIDATION.n0,
            "n": VALIDATION.n,
            "alpha": VALIDATION.alpha,
            "procedure": VALIDATION.procedure,
            "radii": self.radii,
            "shown": self.shown,
            "labels": tuple(self.images.y[list(self.shown)].tolist()),
            "how": how,
        }

    def validate(self, module, precision: str, epoch: int, step: int) -> Generator[None, None, Validation]:
        """Validate a copy of the module in evaluation mode; yields about every 0.1 s.

        precision: of the passes. Returns the Validation; its score is the accuracy on the images held out of
        training (under noise, if there is one), None if there are none.
        """
        runner = Runner(module, self.device, precision)
        clean = yield from self._accuracy(runner, self.images)
        noisy = votes = certified = held_out = None
        if self.noise:
            counting = self._certify_votes(runner, VALIDATION, self._batch)
            top, counts = yield from _silently(counting)
            labels = self.test.labels[: len(counts)]
            noisy = share_for(counts, labels)
            votes = tuple(tuple(row) for row in counts[list(self.shown)].tolist())
            radii = np.where(top == labels, self._proved(counts, top, VALIDATION), -1.0)
            certified = tuple(float((radii >= radius).mean()) for radius in self.radii)
        if self.held_out:
            held_out = yield from self._held_out_accuracy(runner)
        return Validation(epoch, step, clean, noisy, votes, certified, held_out)

    def _held_out_accuracy(self, runner):
        if self.noise is None:
            return (yield from self._accuracy(runner, self.held_out))
        spans = spans_of(range(len(self.held_out)), ESTIMATION, HELD_OUT_DRAWS)
        counting = self._count(runner, self.held_out.x, spans, self._batch)
        return share_for((yield from _silently(counting)), self.held_out.y.cpu().numpy())

    @torch.inference_mode()
    def _accuracy(self, runner, images):
        right = 0
        for x, y in zip(*(part.split(self._batch) for part in (images.x, images.y)), strict=True):
            right += int((runner(x).argmax(1) == y).sum())
            yield
        return right / len(images)

    def measure(
        self, module: torch.nn.Module, card: Card
    ) -> Generator[StageProgress, None, tuple[dict[str, Metric], dict]]:
        """Measure a finished network: (metrics for its card, survey of votes).

        module: in evaluation mode, as it will be loaded. card: of the network.
        Metrics: clean accuracy on all test images; with noise also the share of votes for the true class, and
        certified accuracy.
        """
        measuring = StageProgress("measure", "speed of this machine", 0, 1)
        used = yield from mapped(lambda _: measuring, plan(module, self.shape, self.device))
        runner = Runner(module, used.device, used.precision)
        classes, shares = yield from self._answers(runner, used.batch)
        clean_accuracy = Metric(
            value=float((classes == self.test.labels).mean()),
            how=f"base classifier on all {len(self.test):,} test images without noise, {used.precision}",
        )
        if self.noise is None:
            rows = slice(None, FINAL.images)
            survey = self._survey(card, classes[rows], shares[rows], 0, "softmax of the clean image")
            return {"clean_accuracy": clean_accuracy}, survey

        top, counts = yield from self._certify_votes(runner, FINAL, used.batch)
        labels = self.test.labels[: len(counts)]
        radii = self._proved(counts, top, FINAL)
        images = f"{'first ' if len(counts) < len(self.test) else ''}{len(counts):,} test images"
        # The radius of CERTIFY when all n votes agree, rounded up to hundredths.
        largest = np.ceil(100 * self.noise.scale * ndtri(FINAL.alpha ** (1 / FINAL.n))) / 100
        noisy_accuracy = Metric(
            value=round(share_for(counts, labels), 6),
            how=(
                f"share of votes for the true class, mean over the {images} with {FINAL.n:,} draws of "
                f"{self._noise_words} each, {used.precision}"
            ),
        )
        certified_accuracy = Metric(
            value={f"{r:g}": float(((top == labels) & (radii >= r)).mean()) for r in RADII},
            how=(
                f"by {self.noise.norm} radius in pixel units: share of the {images} that CERTIFY (Cohen et "
                f"al. 2019; limits: {FINAL.procedure}) proves in the right class, {self._noise_words}, "
                f"{FINAL}, {used.precision}; the largest radius that so few votes can prove lies below "
                f"{largest:.2f}"
            ),
        )
        metrics = {
            "clean_accuracy": clean_accuracy,
            "noisy_accuracy": noisy_accuracy,
            "certified_accuracy": certified_accuracy,
        }
        how = f"share of {FINAL.n:,} votes under {self._noise_words}, seed = the image's number"
        return metrics, self._survey(card, counts.argmax(1), counts.max(1) / FINAL.n, FINAL.n, how)

    def _answers(self, runner, batch):
        """Class and softmax share of every test image, two arrays (N,)."""
        rows, reported = [], time.perf_counter()
        for start in range(0, len(self.test), batch):
            x = torch.from_numpy(self.test.pixels(slice(start, start + batch))).to(runner.device)
            with torch.inference_mode():
                shares, classes = runner(x).float().softmax(1).max(1)
            rows.append(torch.stack((classes, shares), 1).cpu().numpy())
            if time.perf_counter() - reported >= REPORT_EVERY:
                reported = time.perf_counter()
                done = min(start + batch, len(self.test))
                yield StageProgress("measure", "clean accuracy", done, len(self.test))
        classes, shares = np.concatenate(rows).T
        return classes.astype(int), shares

    def _survey(self, card, predicted, shares, draws, how) -> dict:
        return {
            "dataset": card.dataset,
            "draws": draws,
            "seed": 0,
            "how": how,
            "index": list(range(len(predicted))),
            "label": self.test.labels[: len(predicted)].tolist(),
            "predicted": [int(value) for value in predicted],
            "share": [round(float(value), 4) for value in shares],
        }

    def _certify_votes(self, runner, terms: Terms, batch: int):
        """(selected classes, estimating votes) of the first images; a generator of progress."""
        images = range(min(terms.images, len(self.images)))
        spans = spans_of(images, SELECTION, terms.n0) + spans_of(images, ESTIMATION, terms.n)
        counts0, counts = np.split((yield from self._count(runner, self.images.x, spans, batch)), 2)
        return counts0.argmax(1), counts

    def _count(self, runner, x, spans, batch):
        """Votes of all spans (spans, classes); a generator of progress."""
        classes = len(self.test.classes)
        for count in count_votes(runner, self.noise, classes, x, spans, batch, REPORT_EVERY):
            yield StageProgress("measure", "certified accuracy", count.drawn, count.total)
        return count.counts

    def _proved(self, counts, top, terms: Terms):
        return proved_radii(counts, top, self.noise, self.shape, terms.procedure, terms.alpha)

    def _grid(self):
        """Radii from 0 to the largest that a validation can prove, rounded down so that it can be reached."""
        unanimous = np.zeros((1, len(self.test.classes)), np.int64)
        unanimous[0, 0] = VALIDATION.n
        largest = float(self._proved(unanimous, np.array([0]), VALIDATION)[0])
        return tuple(math.floor(1e6 * radius) / 1e6 for radius in np.linspace(0, largest, STEPS_OF_RADII))

    @property
    def _noise_words(self) -> str:
        return f"{self.noise.title} noise of scale {self.noise.scale:g}"


def _silently(measuring):
    """The generator with None in place of its progress."""
    return (yield from mapped(lambda _: None, measuring))


def criterion(held_out: int, noise) -> str:
    """How the best epoch is chosen, in words. held_out: number of images held out of training."""
    if not held_out:
        return "accuracy on the training images as they were trained on, mean over the epoch"
    under = f", under {HELD_OUT_DRAWS} draws of noise each" if noise else ""
    return f"accuracy on {held_out:,} training images that were held out of training{under}"


def share_for(counts: np.ndarray, labels: np.ndarray) -> float:
    """Share of the votes (images, classes) for the labels (images,), mean over the images."""
    return float((np.take_along_axis(counts, labels[:, None], 1)[:, 0] / counts.sum(1)).mean())


def proved_radii(counts, top, noise, shape, procedure: str, alpha: float) -> np.ndarray:
    """Radii (images,) that votes (images, classes) prove for the classes `top` (images,); -1 if none.

    By the tight bound for the noise, in pixel units. shape: of one image.
    """
    proved = certificates(
        counts,
        top,
        procedure=procedure,
        alpha=alpha,
        noise=noise,
        dim=math.prod(shape),
        bounds=certifying(noise.key)[:1],
    )
    return np.where(proved.abstained, -1.0, proved.radius)


def remeasure(name: str, device: str | None = None) -> Generator[StageProgress, None, Card]:
    """Measure a stored checkpoint, also an imported one, and write the results into its card and survey.

    name: as load_checkpoint takes it. Returns the new card.
    """
    module, card = load_checkpoint(name)
    test = load(card.dataset, "test", card.input_shape)
    noise = NOISES[card.noise](card.scale) if card.noise else None
    metrics, survey = yield from Validator(test, noise, pick_device(device)).measure(module, card)
    card = card.model_copy(update={"metrics": metrics})
    rewrite_card(name, card)
    folder, name = locate(name)
    save_survey(folder, name, survey | {"weights_sha256": card.weights_sha256})
    return card
