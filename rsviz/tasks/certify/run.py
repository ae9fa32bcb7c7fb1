"""One certificate from request to result: load, measure, draw votes, and end with what is proved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rsviz.checkpoints import Card, load_card
from rsviz.data import images
from rsviz.noise import NOISES
from rsviz.tasks.certify.request import CertifyRequest
from rsviz.tasks.certify.result import CertifyPictures, CertifyProgress, described
from rsviz.tasks.image import load_input
from rsviz.tasks.networks import NETWORKS

if TYPE_CHECKING:
    from rsviz.smoothing import CertifyVotes, SmoothedClassifier, Snapshot

EXAMPLES = 8
"""Noisy copies that are kept: the first estimating draws."""

SPACING = 1.03
"""Of moments of the path that are closer than this ratio the newest is kept: its axis is logarithmic."""


@dataclass(frozen=True)
class Materials:
    """What a request names, loaded.

    card: of the checkpoint. x: the input float32 (C, H, W) in [0, 1]. label: class index, None if unknown.
    smoothed: the smoothed classifier g.
    """

    card: Card
    x: np.ndarray
    label: int | None
    smoothed: "SmoothedClassifier"


def load(request: CertifyRequest, votes: "CertifyVotes | None" = None) -> Materials:
    """Load the network and the image. votes: of an earlier run; its device, precision and batch stay."""
    from rsviz.execution import pick_device
    from rsviz.smoothing import SmoothedClassifier

    card = load_card(request.checkpoint)
    x, label = load_input(request.image, card.input_shape, card.classes)
    chosen = votes.plan if votes else request
    smoothed = SmoothedClassifier(
        NETWORKS.module(request.checkpoint, card),
        NOISES[request.noise](request.scale),
        card.num_classes,
        pick_device(chosen.device),
        precision=chosen.precision,
        batch=chosen.batch,
        plans=NETWORKS.plans(card),
    )
    return Materials(card, x, label, smoothed)


def run(
    request: CertifyRequest,
    *,
    stop: "Callable[[Snapshot], bool] | None" = None,
    votes: "CertifyVotes | None" = None,
    history=(),
    pictures: bool = True,
) -> Iterator[CertifyProgress]:
    """Certify; a generator of progress, of which the last has the result.

    stop: see SmoothedClassifier.stream; it counts where the request is stoppable.
    votes, history: of an interrupted run of the same request, to go on from.
    pictures: whether to draw the noisy copies that a page shows.
    """
    yield CertifyProgress(request)
    materials = load(request, votes)
    if votes is None:
        for _ in materials.smoothed.planning(materials.x.shape):
            yield CertifyProgress(request, phase="measuring")
    shown = pictures_of(materials, request.seed) if pictures else None
    progress = CertifyProgress(request, shown, phase="voting", history=list(history))
    yield progress
    for snapshot in stream(request, materials, stop, votes):
        progress = _after(progress, snapshot, materials)
        yield progress


def stream(request: CertifyRequest, materials: Materials, stop=None, votes=None) -> "Iterator[Snapshot]":
    """The snapshots of CERTIFY. What is claimed depends on the request, not on whether `stop` is given."""
    return materials.smoothed.stream(
        materials.x,
        request.n0,
        request.n,
        request.alpha,
        request.procedure_for(materials.card.num_classes),
        request.seed,
        until_radius=request.until_radius,
        within=request.within,
        stop=(stop or (lambda snapshot: False)) if request.stoppable else None,
        resume=votes,
    )


def pictures_of(materials: Materials, seed: int) -> CertifyPictures:
    """The input and the first noisy copies; the same at every call, as a draw is a function of its number."""
    return CertifyPictures(materials.x, *materials.smoothed.examples(materials.x, EXAMPLES, seed))


def _after(progress: CertifyProgress, snapshot: "Snapshot", materials: Materials) -> CertifyProgress:
    history, votes, result = progress.history, snapshot.votes, None
    if snapshot.claim is not None:
        history = along(history, _row(snapshot))
    if snapshot.certificate is not None:
        digest = images.digest(materials.x)
        result = described(snapshot.certificate, progress.request, materials.card, digest, materials.label)
    return replace(
        progress,
        counts0=votes.counts0,
        counts=votes.counts,
        top=snapshot.top,
        history=history,
        result=result,
        votes=votes,
    )


def along(history: list, row: list) -> list:
    """The path with one more moment; after a break the first moment comes again, and is kept once."""
    history = [earlier for earlier in history if earlier[0] < row[0]]
    if len(history) > 1 and history[-1][0] < SPACING * history[-2][0]:
        history.pop()
    return [*history, row]


def _row(snapshot) -> list:
    """What the path of the votes keeps of a moment."""
    counts, top, claim = snapshot.votes.counts, snapshot.top, snapshot.claim
    largest_other = max(votes for label, votes in enumerate(counts) if label != top)
    return [snapshot.votes.drawn, counts[top], largest_other, claim.p_a_lower, claim.p_b_upper]
