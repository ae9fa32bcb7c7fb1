"""One attack on one image: attack, verdict on fresh votes, certificate of the original, the path between.

Every stage is a generator of progress, and does nothing where an earlier run has finished it.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, replace

import numpy as np

from rsviz.attacks import ATTACKS, AttackError, attack
from rsviz.bounds import BOUNDS
from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper, default_procedure
from rsviz.data import images
from rsviz.lazy import lazy
from rsviz.noise.streams import PATH, SELECTION, VERDICT
from rsviz.norms import NORMS, conversion
from rsviz.tasks.attack.materials import load, plans_of
from rsviz.tasks.attack.request import POINTS, AttackRequest
from rsviz.tasks.attack.result import AttackPath, AttackPictures, AttackProgress, AttackResult

torch = lazy("torch")
smoothing = lazy("rsviz.smoothing")
voting = lazy("rsviz.voting")
verdict = lazy("rsviz.attacks.verdict")


def run(request: AttackRequest, *, resume: AttackProgress | None = None) -> Iterator[AttackProgress]:
    """Attack, judge, certify, walk the path; a generator of progress, of which the last has the result.

    resume: progress of an interrupted run of the same request; the result is that of a run without a break.
    """
    progress = resume or AttackProgress(request)
    yield progress
    materials = load(request, progress.plans)
    for stage in (_measure, _attack, _judge, _certify, _walk):
        for progress in stage(materials, progress):  # noqa: B020  a stage begins where the one before ended
            yield replace(progress, pictures=_pictures(materials, progress))
    pictures = _pictures(materials, progress)
    yield replace(progress, phase="done", result=_result(materials, progress), pictures=pictures)


def _pictures(materials, progress):
    """The original and the present image; the best one at the end of the attack."""
    x, state = materials.x, progress.state
    if state is None:
        return AttackPictures(x, x)
    return AttackPictures(x, progress.adversarial if state.done else state.current[0].cpu().numpy())


def _measure(materials, progress):
    """What the machine does fastest, and the label."""
    if progress.plans:
        return
    request, shape = materials.request, materials.x.shape
    for victim in materials.victims.values():
        for _ in victim.planning(shape):
            yield replace(progress, phase="measuring")
    label, source = request.label, "request"
    if label is None:
        label, source = materials.label, "dataset"
    if label is None:
        label, source = _named(materials)
    if request.target == label:
        raise AttackError(f"target is {label}, which is the image's label; it must be another class.")
    plans = plans_of(materials.victims, shape)
    yield replace(progress, phase="attacking", plans=plans, label=int(label), label_from=source)


def _named(materials):
    """The class that the classifier gives an image without a label, and where it is from."""
    request, victim = materials.request, materials.victim
    *_, count = _votes(materials, materials.x[None], SELECTION, request.n0)
    most = count.counts[0].argmax()
    if victim.noise is None:
        return most, "f"
    answer = smoothing.predict_from_counts(count.counts[0], request.alpha)
    return (most, "most votes") if answer == smoothing.ABSTAIN else (answer, "votes")


def _attack(materials, progress):
    if progress.state is not None and progress.state.done:
        return
    request = materials.request
    states = attack(
        materials.victim,
        materials.x[None],
        [progress.label],
        request.chosen,
        targets=None if request.target is None else [request.target],
        surrogate=materials.surrogate,
        seed=request.seed,
        resume=progress.state,
    )
    norm = NORMS[request.chosen.norm]
    for state in states:
        distance = norm.length(state.current - torch.as_tensor(materials.x, device=state.current.device))
        best = float(state.distance[0]) if state.found[0] else None
        row = [state.step, float(state.loss[0]), float(distance[0]), best, float(state.share[0])]
        progress = progress.with_step(state, row)
        yield progress


def _votes(materials, points, stream: int, votes: int, first: int = 0):
    """Votes at points (N, C, H, W), point i on draws of its own. first: the number of the first point."""
    seed, numbers = materials.request.seed, range(first, first + len(points))
    spans = [
        voting.Span(row, seed, stream, number * votes, (number + 1) * votes)
        for row, number in enumerate(numbers)
    ]
    return materials.victim.votes_of(points, spans)


def _judge(materials, progress):
    if progress.counts_after is not None:
        return
    pair, votes = np.stack([materials.x, progress.adversarial]), materials.request.votes
    for count in _votes(materials, pair, VERDICT, votes):
        both = count.counts.tolist()
        yield replace(progress, phase="judging", drawn=count.drawn, total=2 * votes)
    yield replace(progress, phase="judging", counts_before=both[0], counts_after=both[1])


def _certify(materials, progress):
    """CERTIFY of the original image, with the network in the precision in which it was attacked."""
    victim, request = materials.victim, materials.request
    if victim.noise is None or progress.certificate is not None:
        return
    used, classes = victim.plan(materials.x.shape), victim.num_classes
    smoothed = smoothing.SmoothedClassifier(
        victim.network, victim.noise, classes, used.device, precision=used.precision, batch=used.batch
    )
    votes = smoothing.CertifyVotes.from_json(progress.certify_votes) if progress.certify_votes else None
    settings = (request.n0, request.n, request.alpha, default_procedure(classes), request.seed)
    for snapshot in smoothed.stream(materials.x, *settings, resume=votes):
        progress = replace(progress, certify_votes=snapshot.votes.to_json(), phase="certifying")
        progress = replace(progress, drawn=snapshot.votes.drawn, total=request.n)
        yield progress
    certificate = snapshot.certificate.untimed()  # two runs of one request end with the same
    yield replace(progress, certify_votes=None, certificate=certificate)


def _walk(materials, progress):
    """Votes at points of the straight line; points that are complete are kept."""
    begun, votes = progress.path, materials.request.path_votes
    points = on_the_way(materials.x, progress.adversarial)[len(begun) :]
    if len(points) == 0:
        return
    for count in _votes(materials, points, PATH, votes, first=len(begun)):
        complete = len(points) if materials.victim.noise is None else count.drawn // votes
        path = [*begun, *count.counts[:complete].tolist()]
        yield replace(progress, phase="path", path=path, drawn=len(path) * votes, total=POINTS * votes)


def on_the_way(x: np.ndarray, adversarial: np.ndarray) -> np.ndarray:
    """POINTS images float32 (POINTS, C, H, W) on the straight line; the ends are exactly the two images."""
    t = np.linspace(0, 1, POINTS)[:, None, None, None]
    return ((1 - t) * x.astype(np.float64) + t * adversarial.astype(np.float64)).astype(np.float32)


def _result(materials, progress) -> AttackResult:
    request, chosen, card = materials.request, materials.request.chosen, materials.card
    x, adversarial, victim = materials.x, progress.adversarial, materials.victim
    delta = adversarial.astype(np.float64) - x
    lengths = {key: float(np.linalg.norm(delta.ravel(), norm.order)) for key, norm in NORMS.items()}
    acting, inner = ATTACKS[request.attack].acting(chosen)
    attacked = materials.surrogate or victim
    counts = torch.tensor([progress.counts_before, progress.counts_after])
    before, after = victim.predict(counts, request.alpha).tolist()
    answers = [None if answer == smoothing.ABSTAIN else answer for answer in (before, after)]
    names = [None if answer is None else card.classes[answer] for answer in answers]
    softmax = victim.softmax(np.stack([x, adversarial]))
    certificate = progress.certificate
    radii = certificate.radii if certificate else {}
    return AttackResult(
        attack=request.attack,
        norm=chosen.norm,
        epsilon=getattr(chosen, "epsilon", None),
        eot=(inner.draws if attacked.noise else 1) if acting.needs_gradient else None,
        steps=inner.steps,
        parameters=chosen.model_dump(),
        seed=request.seed,
        label=progress.label,
        label_name=card.classes[progress.label],
        label_from=progress.label_from,
        target=request.target,
        distance_l1=lengths["l1"],
        distance_l2=lengths["l2"],
        distance_linf=lengths["linf"],
        found=bool(progress.state.found[0]),
        steps_taken=progress.state.step,
        verdict=verdict.word(before, after),
        before=answers[0],
        after=answers[1],
        before_name=names[0],
        after_name=names[1],
        counts_before=progress.counts_before,
        counts_after=progress.counts_after,
        votes=sum(progress.counts_before),
        alpha=request.alpha,
        softmax_before=softmax[0].tolist(),
        softmax_after=softmax[1].tolist(),
        certificate=certificate,
        radii=radii,
        radii_in_norm={key: _converted(key, radius, chosen.norm, x.size) for key, radius in radii.items()},
        inside=[key for key, radius in radii.items() if lengths[BOUNDS[key].norm] < radius],
        path=_path(materials, progress, lengths),
        history=progress.history,
        noise=request.noise if victim.noise else None,
        scale=request.scale,
        checkpoint=card.name,
        weights_sha256=card.weights_sha256,
        surrogate=request.surrogate,
        image=request.image.model_dump(),
        image_sha256=images.digest(x),
        **asdict(victim.plan(x.shape)),
    )


def _converted(key, radius, norm, dim) -> float:
    """Radius of the ball of another norm inside the certified one; nothing stays nothing."""
    return radius * conversion(BOUNDS[key].norm, norm, dim) if radius else 0.0


def _path(materials, progress, lengths) -> AttackPath:
    certificate, noise, alpha = progress.certificate, materials.victim.noise, materials.request.alpha
    certified = certificate is not None and not certificate.abstained
    followed = certificate.predicted if certified else progress.label
    norm = noise.norm if noise else materials.request.chosen.norm
    distance = np.linspace(0, 1, POINTS) * lengths[norm]
    counts = np.array(progress.path)
    votes, total = counts[:, followed], counts.sum(1)
    envelope = None
    if certified:
        p_a = min(certificate.p_a_lower, math.nextafter(1, 0))
        envelope = noise.least_probability(p_a, distance).tolist()
    softmax = materials.victim.softmax(on_the_way(materials.x, progress.adversarial))
    return AttackPath(
        followed=followed,
        class_name=materials.card.classes[followed],
        norm=norm,
        distance=distance.tolist(),
        counts=progress.path,
        share=(votes / total).tolist(),
        lower=clopper_pearson_lower(votes, total, alpha / 2).tolist() if noise else None,
        upper=clopper_pearson_upper(votes, total, alpha / 2).tolist() if noise else None,
        envelope=envelope,
        p_a_lower=certificate.p_a_lower if certified else None,
        f=softmax[:, followed].tolist(),
    )
