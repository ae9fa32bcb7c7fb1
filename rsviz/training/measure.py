"""What a finished network can do: metrics for its card with how they were measured, and a survey of votes."""

import hashlib
import time

import numpy as np
import torch
from scipy.special import ndtri

from rsviz.checkpoints import Metric
from rsviz.execution import Runner, plan
from rsviz.noise import NOISES, Draws
from rsviz.smoothing import SmoothedClassifier

RADII = (0.0, 0.25, 0.5, 0.75, 1.0)

CERTIFIED_IMAGES, N0, N, ALPHA = 500, 100, 1000, 0.001

SURVEYED_IMAGES, SURVEY_DRAWS, SURVEY_SEED = 1000, 100, 0

SURVEY = 19
"""Stream of the survey's draws: apart from those of certificates and of training."""

EVERY = 0.1

PUBLISHED = {
    "mnist": (
        "d18cfd466eb143ac1097fde604dba9eec4116885869d04cc648b510949f9e88c",
        "MNIST, files with the published MD5 sums",
    )
}
"""SHA-256 of the training images' and labels' bytes where they are those of the published files."""


def data_copy(dataset) -> str:
    """Which copy of the training data this is, in words."""
    if dataset.name == "digits":
        from importlib.metadata import version

        return f"digits bundled with scikit-learn {version('scikit-learn')}, split by rsviz.data"
    if dataset.name.startswith("folder:"):
        return f"{len(dataset):,} images of a folder"
    digest = hashlib.sha256(np.ascontiguousarray(dataset.images))
    digest.update(np.ascontiguousarray(dataset.labels, dtype="<i8"))
    published, title = PUBLISHED.get(dataset.name, ("", ""))
    return title if digest.hexdigest() == published else f"training arrays with SHA-256 {digest.hexdigest()}"


def measure(module, card, dataset, device):
    """(metrics, survey) of a network on its test set; a generator of progress that returns them.

    module: in eval mode, as it will be loaded. dataset: the test images. Clean accuracy on all of them; for
    a network with a noise, the share of votes for the true class and certified accuracy besides.
    """
    used = yield from _planned(module, card, device)
    runner = Runner(module, used.device, used.precision)
    clean = yield from _clean(runner, dataset, used.batch, card)
    metrics = {
        "clean_accuracy": Metric(
            value=float((clean[:, 0] == dataset.labels).mean()),
            how=f"base classifier on all {len(dataset):,} test images without noise, {used.precision}",
        )
    }
    if card.noise is None:
        rows = slice(None, SURVEYED_IMAGES)
        predicted, shares = clean[rows, 0].astype(int), clean[rows, 1]
        return metrics, _survey(card, dataset, predicted, shares, 0, "softmax of the clean image")

    noise = NOISES[card.noise](card.scale)
    votes = yield from _votes(runner, dataset, noise, card, used.batch)
    labels = dataset.labels[: len(votes)]
    metrics["noisy_accuracy"] = Metric(
        value=round(float(votes[np.arange(len(votes)), labels].mean() / SURVEY_DRAWS), 6),
        how=(
            f"share of votes for the true class, mean over the first {len(votes):,} test images with "
            f"{SURVEY_DRAWS} draws of {noise.title} noise of scale {noise.scale:g} each, {used.precision}"
        ),
    )
    metrics["certified_accuracy"] = yield from _certified(module, card, dataset, noise, used)
    survey = _survey(
        card,
        dataset,
        votes.argmax(1),
        votes.max(1) / SURVEY_DRAWS,
        SURVEY_DRAWS,
        f"share of {SURVEY_DRAWS} votes under {noise.title} noise of scale {noise.scale:g}",
    )
    return metrics, survey


def _planned(module, card, device):
    planning = plan(module, card.input_shape, device)
    while True:
        try:
            next(planning)
        except StopIteration as end:
            return end.value
        yield _progress("speed of this machine", 0, 1)


def _clean(runner, dataset, batch, card):
    """Class and softmax share of every image, (N, 2)."""
    rows, clock = [], _Clock()
    for start in range(0, len(dataset), batch):
        x = torch.from_numpy(dataset.pixels(slice(start, start + batch))).to(runner.device)
        with torch.inference_mode():
            shares, classes = runner(x).float().softmax(1).max(1)
        rows.append(torch.stack((classes, shares), 1).cpu().numpy())
        if clock.due():
            yield _progress("clean accuracy", min(start + batch, len(dataset)), len(dataset))
    return np.concatenate(rows)


def _votes(runner, dataset, noise, card, batch):
    """Votes (images, classes) of the first images under SURVEY_DRAWS draws each."""
    count, clock = min(SURVEYED_IMAGES, len(dataset)), _Clock()
    draws = Draws(noise, card.input_shape, SURVEY_SEED, SURVEY, torch.device(runner.device))
    votes = np.zeros((count, card.num_classes), np.int64)
    noisy = torch.empty((SURVEY_DRAWS, *card.input_shape), device=runner.device)
    for index in range(count):
        draws.fill(noisy, index * SURVEY_DRAWS)
        noisy += torch.from_numpy(dataset.image(index)).to(runner.device)
        with torch.inference_mode():
            classes = torch.cat([runner(part).argmax(1) for part in noisy.split(batch)])
        votes[index] = torch.bincount(classes, minlength=card.num_classes).cpu().numpy()
        if clock.due():
            yield _progress("votes under noise", index + 1, count)
    return votes


def _certified(module, card, dataset, noise, used):
    """Certified accuracy at RADII: the share of images that are proved to keep the right class that far."""
    g = SmoothedClassifier(
        module, noise, card.num_classes, device=used.device, precision=used.precision, batch=used.batch
    )
    count, clock = min(CERTIFIED_IMAGES, len(dataset)), _Clock()
    radii = np.full(count, -1.0)
    for index in range(count):
        # The seed is the image's number: no two images share their noise.
        certificate = g.certify(dataset.image(index), n0=N0, n=N, alpha=ALPHA, seed=index)
        if not certificate.abstained and certificate.predicted == dataset.labels[index]:
            radii[index] = certificate.radius
        if clock.due():
            yield _progress("certified accuracy", index + 1, count)
    return Metric(
        value={f"{radius:g}": float((radii >= radius).mean()) for radius in RADII},
        how=(
            f"by {noise.norm} radius in pixel units: share of the first {count} test images that CERTIFY "
            f"(Cohen et al. 2019) proves in the right class, {noise.title} noise of scale {noise.scale:g}, "
            f"n0 = {N0}, n = {N}, alpha = {ALPHA}, seed = the image's number, {used.precision}; the largest "
            "radius that so few votes can prove lies below "
            f"{_largest_radius(noise):.2f}"
        ),
    )


def _largest_radius(noise) -> float:
    """The radius of CERTIFY where all N votes agree, rounded up to hundredths."""
    return float(np.ceil(100 * noise.scale * ndtri(ALPHA ** (1 / N))) / 100)


def _survey(card, dataset, predicted, shares, draws, how) -> dict:
    return {
        "dataset": card.dataset,
        "draws": draws,
        "seed": SURVEY_SEED,
        "how": how,
        "index": list(range(len(predicted))),
        "label": dataset.labels[: len(predicted)].tolist(),
        "predicted": [int(value) for value in predicted],
        "share": [round(float(value), 4) for value in shares],
    }


def _progress(what, done, total) -> dict:
    return {"phase": "measure", "what": what, "done": done, "total": total}


class _Clock:
    def __init__(self):
        self.since = time.perf_counter()

    def due(self) -> bool:
        """Whether it is time to report again."""
        if time.perf_counter() - self.since < EVERY:
            return False
        self.since = time.perf_counter()
        return True
