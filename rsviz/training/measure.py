"""What a finished network can do: metrics for its card with how they were measured, and a survey of votes."""

import math
import time

import numpy as np
import torch
from scipy.special import ndtri

from rsviz.bounds import certifying
from rsviz.checkpoints import Metric, load_checkpoint, save_survey
from rsviz.checkpoints.storage import locate
from rsviz.data import load
from rsviz.execution import Runner, pick_device, plan
from rsviz.files import write_atomically
from rsviz.noise import NOISES
from rsviz.noise.streams import ESTIMATION, SELECTION
from rsviz.smoothing import certificates
from rsviz.voting import count_votes, spans_of

RADII = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)

CERTIFIED_IMAGES, N0, N, ALPHA, PROCEDURE = 1000, 100, 1000, 0.001, "cohen"

EVERY = 0.1


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
        rows = slice(None, CERTIFIED_IMAGES)
        predicted, shares = clean[rows, 0].astype(int), clean[rows, 1]
        return metrics, _survey(card, dataset, predicted, shares, 0, "softmax of the clean image")

    noise = NOISES[card.noise](card.scale)
    votes0, votes = yield from _votes(runner, dataset, noise, card, used.batch)
    labels, top = dataset.labels[: len(votes)], votes0.argmax(1)
    metrics["noisy_accuracy"] = Metric(
        value=round(share_for(votes, labels), 6),
        how=(
            f"share of votes for the true class, mean over the {_images(votes, dataset)} with {N:,} draws of "
            f"{noise.title} noise of scale {noise.scale:g} each, {used.precision}"
        ),
    )
    proved = proved_radii(votes, top, noise, card.input_shape, PROCEDURE, ALPHA)
    metrics["certified_accuracy"] = Metric(
        value={f"{r:g}": float(((top == labels) & (proved >= r)).mean()) for r in RADII},
        how=(
            f"by {noise.norm} radius in pixel units: share of the {_images(votes, dataset)} that CERTIFY "
            f"(Cohen et al. 2019; limits: {PROCEDURE}) proves in the right class, {noise.title} noise of "
            f"scale {noise.scale:g}, n0 = {N0}, n = {N}, alpha = {ALPHA}, seed = the image's number, "
            f"{used.precision}; the largest radius that so few votes can prove lies below "
            f"{_largest_radius(noise):.2f}"
        ),
    )
    survey = _survey(
        card,
        dataset,
        votes.argmax(1),
        votes.max(1) / N,
        N,
        f"share of {N:,} votes under {noise.title} noise of scale {noise.scale:g}, seed = the image's number",
    )
    return metrics, survey


def share_for(counts, labels) -> float:
    """Share of the votes (images, classes) that go to the labels (images,), mean over the images."""
    return float((np.take_along_axis(counts, labels[:, None], 1)[:, 0] / counts.sum(1)).mean())


def proved_radii(counts, top, noise, shape, procedure, alpha):
    """Radii that votes (images, classes) prove for the classes `top` (images,); -1 where they prove nothing.

    Of the tight bound for the noise, in pixel units. shape: of one image.
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


def remeasure(name, device=None):
    """Measure a checkpoint that stands, imported ones too, and write what is found into its card and survey.

    name: as load_checkpoint takes it. A generator of progress that returns the new card.
    """
    module, card = load_checkpoint(name)
    dataset = load(card.dataset, "test", card.input_shape)
    metrics, survey = yield from measure(module, card, dataset, pick_device(device))
    card = card.model_copy(update={"metrics": metrics})
    folder, name = locate(name)
    write_atomically(folder / f"{name}.json", card.to_json().encode())
    save_survey(folder, name, survey | {"weights_sha256": card.weights_sha256})
    return card


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
    """Votes (images, classes) of the N0 selecting and of the N estimating draws, those of CERTIFY."""
    images = dataset.pixels(slice(None, CERTIFIED_IMAGES))
    # The seed is the image's number: no two images share their noise.
    seeds = range(len(images))
    spans = spans_of(seeds, SELECTION, N0) + spans_of(seeds, ESTIMATION, N)
    for count in count_votes(runner, noise, card.num_classes, images, spans, batch, EVERY):
        yield _progress("certified accuracy", count.drawn, count.total)
    return np.split(count.counts, 2)


def _images(votes, dataset) -> str:
    return f"{'first ' if len(votes) < len(dataset) else ''}{len(votes):,} test images"


def _largest_radius(noise) -> float:
    """The radius of CERTIFY where all N votes agree, rounded up to hundredths."""
    return float(np.ceil(100 * noise.scale * ndtri(ALPHA ** (1 / N))) / 100)


def _survey(card, dataset, predicted, shares, draws, how) -> dict:
    return {
        "dataset": card.dataset,
        "draws": draws,
        "seed": 0,
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
