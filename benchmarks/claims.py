"""The papers' claims about training, tried on the shipped checkpoints: numbers to set beside theirs.

    python -m benchmarks.claims stn  [images]     # Li et al. 2019: MNIST at sigma 0.7, l2 radius 1.4
    python -m benchmarks.claims adre [images]     # Feng et al.: ADRE against Gaussian augmentation
    python -m benchmarks.claims pgd  [images]     # NAL and SmoothAdv against STN under PGD at l2 1.0

Votes are kept in RSVIZ_HOME/claims, so that a second call draws only what is new. One network a method, one
seed: what differs by less than the standard errors that are printed may be chance.
"""

import sys

import numpy as np

from rsviz.bounds import BOUNDS
from rsviz.confidence import PROCEDURES
from rsviz.evaluation import certified_accuracy
from rsviz.files import home
from rsviz.programs import keep_memory
from rsviz.tasks.evaluate import EvaluateRequest, certificates, read_votes, run
from rsviz.tasks.robustness import RobustnessRequest
from rsviz.tasks.robustness import run as run_robustness

LI_RADII = (0.0, 0.5, 1.0, 1.2, 1.4, 1.6)


def votes_of(checkpoint: str, images: int, **settings):
    """The votes of the first test images, drawn into a file or read from it."""
    request = EvaluateRequest.make(
        checkpoint=checkpoint, dataset=checkpoint.split("-")[0], limit=images, device="cpu", **settings
    )
    path = home() / "claims" / f"{checkpoint}-{images}-{request.n}.jsonl"
    for step in run(request, path, resume=True):
        print(f"\r{checkpoint}: {step.votes:,} of {step.total:,} votes", end="", file=sys.stderr)
    print(file=sys.stderr)
    return read_votes(path)


def stn(images: int = 1000) -> None:
    """Certified accuracy at n = 100 and 95% by every procedure, what is not valid included.

    n0 = n = 100 besides: Li et al. rank and estimate with the same 100 votes, which is what the procedures
    that are not valid do here too.
    """
    print(f"MNIST, sigma 0.7, n = 100, alpha = 0.05, {images} images; certified accuracy by l2 radius")
    print(f"{'':32}" + "".join(f"{radius:>7g}" for radius in LI_RADII))
    for checkpoint in ("mnist-gaussian-0.70", "mnist-stn-0.70"):
        votes = votes_of(checkpoint, images, n0=100, n=100)
        for procedure in PROCEDURES.values():
            source = votes.counts0 if procedure.valid else votes.counts
            top = source.argmax(1)
            lower, upper = procedure.limits(votes.counts, top, 0.05)
            proved = lower > upper
            p_a, p_b = np.where(proved, lower, 0.5), np.where(proved, upper, 0.5)
            for bound in ("li-l2", "cohen-l2"):
                radius = BOUNDS[bound].radius(p_a, p_b, scale=0.7, dim=784)
                shares = certified_accuracy(radius, proved & (top == votes.label), LI_RADII)
                words = f"{checkpoint.split('-')[1]}, {procedure.key}, {bound}"
                sure = "" if procedure.valid else "   (the limits are not valid)"
                print(f"{words:32}" + "".join(f"{share:7.3f}" for share in shares) + sure)


def adre(images: int = 2000) -> None:
    """Where ADRE's certified accuracy lies above that of Gaussian augmentation, n = 10,000."""
    radii = np.round(np.arange(0, 1.0, 0.05), 2)
    for prefix in ("digits", "mnist-cnn"):
        found = {}
        for method in ("gaussian", "adre", "adre-adv"):
            proved = certificates(votes_of(f"{prefix}-{method}-0.25", images, n0=100, n=10_000))
            found[method] = np.where(proved.correct, proved.radius, -1.0)
        count = len(found["gaussian"])
        print(f"{prefix}, sigma 0.25, {count} images, n = 10,000, alpha = 0.001, split and cohen-l2")
        print("radius  gaussian   adre (difference, s.e.)     adre-adv (difference, s.e.)")
        for radius in radii:
            base, line = found["gaussian"] >= radius, f"{radius:6.2f}"
            line += f"  {base.mean():8.4f}"
            for method in ("adre", "adre-adv"):
                other = found[method] >= radius
                difference = other.astype(float) - base  # of the same images, so their error is small
                error = difference.std() / np.sqrt(count)
                line += f"   {other.mean():.4f} ({100 * difference.mean():+5.2f}, {100 * error:.2f})"
            print(line)


def pgd(images: int = 100) -> None:
    """Right answers of g under EOT-PGD, 20 steps of 16 draws, at l2 sizes up to 2."""
    for prefix in ("digits", "mnist-cnn"):
        request = RobustnessRequest.make(
            checkpoints=[f"{prefix}-{method}-0.25" for method in ("stn", "nal", "smoothadv", "gaussian")],
            scales=[0.25],
            images=images,
            attack="eot-pgd",
            parameters={"steps": 20, "draws": 16},
            sizes=[0.5, 1.0, 1.5, 2.0],
            device="cpu",
        )
        for reached in run_robustness(request):
            print(f"\r{reached.what} {reached.step} of {reached.steps}     ", end="", file=sys.stderr)
        print(file=sys.stderr)
        print(f"{prefix}, sigma 0.25, {images} images, PREDICT with {request.votes} votes, PGD on g, l2")
        for one in reached.result.curves:
            cells = (f"{size:g}: {share:.3f}" for size, share in zip(one.size, one.right, strict=True))
            print(f"    {one.checkpoint:28} " + "   ".join(cells))


if __name__ == "__main__":
    claims = {"stn": stn, "adre": adre, "pgd": pgd}
    name, *numbers = sys.argv[1:] or [""]
    if name not in claims:
        sys.exit(f"usage: python -m benchmarks.claims {'|'.join(claims)} [images]")
    keep_memory()
    claims[name](*map(int, numbers))
