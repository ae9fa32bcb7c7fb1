"""One attack on one image from request to result: attack, verdict, certificate, and the path between.

    run = prepare(make_request(checkpoint="digits-gaussian-0.25", image=..., scale=0.25, attack="eot-pgd"))
    for reached in record(run):
        ...                                 # after each step: reached.evidence; reached.to_bytes() to go on
    reached.evidence.result                 # plain values for JSON; reached.evidence.pictures

Every stage is a generator of Reached, and does nothing where an earlier run had finished it.
"""

import dataclasses
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from rsviz.attacks.evidence import POINTS, Evidence, Pictures
from rsviz.attacks.problem import State
from rsviz.attacks.request import AttackRequest, check_fit
from rsviz.attacks.table import ATTACKS, AttackError, attack
from rsviz.attacks.verdict import word
from rsviz.attacks.victim import Victim
from rsviz.bounds import BOUNDS
from rsviz.certification import cached_network, known_plans, load_input
from rsviz.checkpoints import Card, load_card
from rsviz.confidence import clopper_pearson_lower, clopper_pearson_upper, default_procedure
from rsviz.data import images
from rsviz.execution import Plan, Runner, keep_memory, pick_device
from rsviz.noise import NOISES
from rsviz.noise.streams import PATH, SELECTION, VERDICT
from rsviz.norms import NORMS, conversion
from rsviz.smoothing import ABSTAIN, CertifyVotes, SmoothedClassifier, predict_from_counts
from rsviz.voting import Span, count_votes


@dataclass(frozen=True)
class Reached:
    """How far a run has come: what is shown, and what a restart needs beside the request.

    plans: of victim and surrogate, as plain values, fixed at the start. state: of the attack. votes: of a
    certificate that is not finished.
    """

    evidence: Evidence
    plans: dict = field(default_factory=dict)
    state: State | None = None
    votes: dict | None = None

    def to_bytes(self) -> bytes:
        """For a job that may be killed: a line of JSON, then the state."""
        about = {"progress": self.evidence.progress(), "plans": self.plans, "votes": self.votes}
        return json.dumps(about).encode() + b"\n" + (self.state.to_bytes() if self.state else b"")

    @classmethod
    def from_bytes(cls, content: bytes, request: AttackRequest) -> "Reached":
        """What `to_bytes` wrote; only for files of one's own."""
        line, _, state = content.partition(b"\n")
        about = json.loads(line)
        evidence = Evidence(request, **about["progress"])
        return cls(evidence, about["plans"], State.from_bytes(state) if state else None, about["votes"])

    @property
    def adversarial(self) -> np.ndarray:
        return self.state.best[0].cpu().numpy()

    def now(self, **changes) -> "Reached":
        """With another evidence."""
        return replace(self, evidence=replace(self.evidence, **changes))


@dataclass(frozen=True)
class Run:
    """A request with its networks and image in place. label: of the dataset, or None."""

    request: AttackRequest
    card: Card
    module: torch.nn.Module
    x: np.ndarray
    label: int | None
    victim: Victim
    surrogate: Victim | None

    def pictures(self, reached: Reached) -> Pictures:
        """The original and what the attack has of it; the image itself where nothing is found yet."""
        state = reached.state
        if state is None:
            return Pictures(self.x, self.x)
        return Pictures(self.x, reached.adversarial if state.done else state.current[0].cpu().numpy())

    @property
    def used(self) -> Plan:
        return self.victim.plan(self.x.shape)

    def votes(self, points, stream: int, votes: int, first: int = 0):
        """Votes per class (N, K) at points (N, C, H, W), point i on draws of its own; a generator of what is
        there, about every 0.1 s: (counts, votes drawn). f is asked once.

        first: the number of the first point. Source of the spans: Victim.fresh_votes has the same.
        """
        runner, noise, classes = self._runner(), self.victim.noise, self.card.num_classes
        if noise is None:
            with torch.inference_mode():
                named = runner(torch.as_tensor(points, device=self.victim.device)).argmax(1).cpu().numpy()
            yield np.eye(classes, dtype=np.int64)[named], len(points)
            return
        numbers = range(first, first + len(points))
        spans = [
            Span(row, self.request.seed, stream, number * votes, (number + 1) * votes)
            for row, number in enumerate(numbers)
        ]
        for count in count_votes(runner, noise, classes, points, spans, self.used.batch):
            yield count.counts, count.drawn

    @torch.inference_mode()
    def softmax(self, points) -> np.ndarray:
        """What f says to points (N, C, H, W) without noise: float64 (N, K), each row adds up to 1."""
        logits = self._runner()(torch.as_tensor(points, device=self.victim.device))
        return logits.double().softmax(1).cpu().numpy()

    def _runner(self) -> Runner:
        return Runner(self.module, self.victim.device, self.used.precision)


def prepare(request: AttackRequest, plans: dict | None = None) -> Run:
    """Load networks and image. plans: of an earlier run of the request, whose devices and precisions stay.

    The surrogate is attacked under the noise of its own training: so its owner would use it.
    Raises RsvizError where checkpoint, image, label, target and surrogate do not belong together.
    """
    keep_memory()
    check_fit(request)
    card, plans = load_card(request.checkpoint), plans or {}
    x, label = load_input(request.image, card.input_shape)
    noise = NOISES[request.noise](request.scale) if request.scale else None
    victim = _victim(request, request.checkpoint, noise, plans.get("victim"))
    surrogate = None
    if request.surrogate is not None:
        other = load_card(request.surrogate)
        own = NOISES[other.noise](other.scale) if other.noise else None
        surrogate = _victim(request, request.surrogate, own, plans.get("surrogate"))
    module = cached_network(request.checkpoint, card.weights_sha256)
    return Run(request, card, module, x, label, victim, surrogate)


def _victim(request, checkpoint, noise, used: dict | None) -> Victim:
    card = load_card(checkpoint)
    chosen = used or {"device": request.device, "precision": request.precision, "batch": request.batch}
    return Victim(
        cached_network(checkpoint, card.weights_sha256),
        noise,
        card.num_classes,
        pick_device(chosen["device"]),
        input_shape=card.input_shape,
        precision=chosen["precision"] or "auto",
        batch=chosen["batch"],
        plans=known_plans(card.weights_sha256),
    )


def record(run: Run, reached: Reached | None = None) -> Iterator[Reached]:
    """Attack, judge, certify, walk the path; yield after each step, and at last with the result.

    reached: where an interrupted run of the same request was; the result is that of a run without a break.
    """
    reached = reached or Reached(Evidence(run.request))
    for stage in (_measure, _attack, _judge, _certify, _walk):
        for reached in stage(run, reached):  # noqa: B020  the next stage begins where this one ended
            yield reached
    yield reached.now(phase="done", result=_result(run, reached), pictures=run.pictures(reached))


def _measure(run, reached):
    if reached.plans:
        return
    shape = run.x.shape
    for one in filter(None, (run.victim, run.surrogate)):
        for _ in one.planning(shape):
            yield reached.now(phase="measuring")
    plans = {"victim": dataclasses.asdict(run.victim.plan(shape))}
    if run.surrogate is not None:
        plans["surrogate"] = dataclasses.asdict(run.surrogate.plan(shape))
    label, source = run.request.label, "request"
    if label is None:
        label, source = run.label, "dataset"
    if label is None:
        label, source = _named(run)
    if run.request.target == label:
        raise AttackError(f"target is {label}, which is the image's label; it must be another class.")
    yield replace(reached, plans=plans).now(phase="attacking", label=int(label), label_from=source)


def _named(run):
    """The class that the classifier gives an image without a label, and where it is from."""
    *_, (counts, _) = run.votes(run.x[None], SELECTION, run.request.n0)
    if run.victim.noise is None:
        return counts[0].argmax(), "f"
    answer = predict_from_counts(counts[0], run.request.alpha)
    return (counts[0].argmax(), "most votes") if answer == ABSTAIN else (answer, "votes")


def _attack(run, reached):
    if reached.state is not None and reached.state.done:
        return
    request, target = run.request, run.request.target
    states = attack(
        run.victim,
        run.x[None],
        [reached.evidence.label],
        request.chosen,
        targets=None if target is None else [target],
        surrogate=run.surrogate,
        seed=request.seed,
        resume=reached.state,
    )
    for state in states:
        distance = getattr(state, request.chosen.norm)
        best = float(state.distance[0]) if state.found[0] else None
        row = [state.step, float(state.loss[0]), float(distance[0]), best, float(state.share[0])]
        evidence = reached.evidence.with_step(state.step, state.steps, row)
        reached = replace(reached, evidence=evidence, state=state)
        yield reached


def _judge(run, reached):
    if reached.evidence.counts_after is not None:
        return
    pair, votes = np.stack([run.x, reached.adversarial]), run.request.votes
    for counts, drawn in run.votes(pair, VERDICT, votes):
        both = counts.tolist()
        yield reached.now(phase="judging", drawn=drawn, total=2 * votes)
    yield reached.now(phase="judging", counts_before=both[0], counts_after=both[1])


def _certify(run, reached):
    """CERTIFY of the original image, with the network in the precision in which it was attacked."""
    if run.victim.noise is None or reached.evidence.certificate is not None:
        return
    request, used, classes = run.request, run.used, run.card.num_classes
    smoothed = SmoothedClassifier(
        run.module, run.victim.noise, classes, used.device, precision=used.precision, batch=used.batch
    )
    votes = CertifyVotes.from_json(reached.votes) if reached.votes else None
    settings = (request.n0, request.n, request.alpha, default_procedure(classes), request.seed)
    for snapshot in smoothed.stream(run.x, *settings, resume=votes):
        reached = replace(reached, votes=snapshot.votes.to_json())
        reached = reached.now(phase="certifying", drawn=snapshot.votes.drawn, total=request.n)
        yield reached
    certificate = dataclasses.asdict(snapshot.certificate)
    for how_fast in ("seconds", "votes_per_second"):  # no part of what was found
        del certificate[how_fast]
    certificate |= {name: list(certificate[name]) for name in ("counts0", "counts")}
    yield replace(reached, votes=None).now(certificate=certificate)


def _walk(run, reached):
    """Votes at points of the straight line; points that are complete are kept."""
    evidence, votes = reached.evidence, run.request.path_votes
    begun = evidence.path
    points = on_the_way(run.x, reached.adversarial)[len(begun) :]
    if len(points) == 0:
        return
    for counts, drawn in run.votes(points, PATH, votes, first=len(begun)):
        complete = len(points) if run.victim.noise is None else drawn // votes
        path = [*begun, *counts[:complete].tolist()]
        reached = reached.now(phase="path", path=path, drawn=len(path) * votes, total=POINTS * votes)
        yield reached


def on_the_way(x, adversarial) -> np.ndarray:
    """POINTS images float32 (POINTS, C, H, W) on the straight line; the ends are exactly the two images."""
    t = np.linspace(0, 1, POINTS)[:, None, None, None]
    return ((1 - t) * x.astype(np.float64) + t * adversarial.astype(np.float64)).astype(np.float32)


def _result(run, reached) -> dict:
    """All that was found, as plain values. Distances in pixel units, in float64.

    verdict, before, after, counts_*: see rsviz.attacks.Verdict; before and after are classes, None where g
    abstains. eot: draws of noise that each gradient was averaged over, None for an attack without gradients.
    softmax_before, softmax_after: of f, without noise. radii: of every rigorous bound for the original, in
    the bound's own norm; radii_in_norm: of the ball of the attack's norm inside it. inside: keys of the
    bounds whose ball holds the adversarial image. path: see `_path`.
    """
    request, evidence, chosen = run.request, reached.evidence, run.request.chosen
    adversarial = reached.adversarial
    lengths = _lengths(adversarial.astype(np.float64) - run.x)
    before, after = _answers(run, evidence)
    certificate, radii, in_norm = evidence.certificate, {}, {}
    if certificate is not None:
        radii = {key: float(radius) for key, radius in certificate["radii"].items()}
        in_norm = {key: _converted(key, radius, chosen.norm, run.x.size) for key, radius in radii.items()}
    softmax = run.softmax(np.stack([run.x, adversarial]))
    acting, inner = ATTACKS[request.attack].acting(chosen)
    attacked = run.surrogate or run.victim
    classes = run.card.classes
    return {
        "attack": request.attack,
        "norm": chosen.norm,
        "epsilon": chosen.epsilon,
        "eot": (inner.draws if attacked.noise else 1) if acting.needs_gradient else None,
        "steps": inner.steps,
        "parameters": chosen.model_dump(),
        "seed": request.seed,
        "label": evidence.label,
        "label_name": classes[evidence.label],
        "label_from": evidence.label_from,
        "target": request.target,
        "distance_l1": lengths["l1"],
        "distance_l2": lengths["l2"],
        "distance_linf": lengths["linf"],
        "found": bool(reached.state.found[0]),
        "steps_taken": reached.state.step,
        "verdict": word(before, after),
        "before": None if before == ABSTAIN else before,
        "after": None if after == ABSTAIN else after,
        "before_name": None if before == ABSTAIN else classes[before],
        "after_name": None if after == ABSTAIN else classes[after],
        "counts_before": evidence.counts_before,
        "counts_after": evidence.counts_after,
        "votes": sum(evidence.counts_before),
        "alpha": request.alpha,
        "softmax_before": softmax[0].tolist(),
        "softmax_after": softmax[1].tolist(),
        "certificate": certificate,
        "radii": radii,
        "radii_in_norm": in_norm,
        "inside": [key for key, radius in radii.items() if lengths[BOUNDS[key].norm] < radius],
        "path": _path(run, reached, lengths),
        "history": evidence.history,
        "noise": request.noise if run.victim.noise else None,
        "scale": request.scale,
        "checkpoint": run.card.name,
        "weights_sha256": run.card.weights_sha256,
        "surrogate": request.surrogate,
        "image": request.image.model_dump(),
        "image_sha256": images.digest(run.x),
        **dataclasses.asdict(run.used),
    }


def _answers(run, evidence) -> tuple[int, int]:
    counts = np.array([evidence.counts_before, evidence.counts_after])
    if run.victim.noise is None:
        return tuple(counts.argmax(1).tolist())
    return tuple(predict_from_counts(counts, run.request.alpha).tolist())


def _lengths(delta) -> dict[str, float]:
    return {key: float(np.linalg.norm(delta.ravel(), norm.order)) for key, norm in NORMS.items()}


def _converted(key, radius, norm, dim) -> float:
    """Radius of the ball of another norm inside the certified one; nothing stays nothing."""
    return radius * conversion(BOUNDS[key].norm, norm, dim) if radius else 0.0


def _path(run, reached, lengths) -> dict:
    """The share of votes for one class on the way, what is promised of it, and what f says there.

    class: the certified one, or the label where nothing is certified. norm: that of the noise's tight bound
    (the attack's for f). distance: of each point from the original. share: of votes; lower, upper: its
    Clopper-Pearson limits, at alpha / 2 on each side. envelope: least probability that the certificate
    allows, or None. f: its softmax for the class, without noise.
    """
    evidence, alpha = reached.evidence, run.request.alpha
    certificate, noise = evidence.certificate, run.victim.noise
    certified = certificate is not None and not certificate["abstained"]
    followed = int(certificate["predicted"]) if certified else evidence.label
    norm = noise.norm if noise else run.request.chosen.norm
    distance = np.linspace(0, 1, POINTS) * lengths[norm]
    counts = np.array(evidence.path)
    votes, total = counts[:, followed], counts.sum(1)
    envelope = None
    if certified:
        p_a = min(certificate["p_a_lower"], math.nextafter(1, 0))
        envelope = noise.least_probability(p_a, distance).tolist()
    return {
        "class": followed,
        "class_name": run.card.classes[followed],
        "norm": norm,
        "distance": distance.tolist(),
        "counts": evidence.path,
        "share": (votes / total).tolist(),
        "lower": clopper_pearson_lower(votes, total, alpha / 2).tolist() if noise else None,
        "upper": clopper_pearson_upper(votes, total, alpha / 2).tolist() if noise else None,
        "envelope": envelope,
        "p_a_lower": certificate["p_a_lower"] if certified else None,
        "f": run.softmax(on_the_way(run.x, reached.adversarial))[:, followed].tolist(),
    }
