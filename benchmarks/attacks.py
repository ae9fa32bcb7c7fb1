"""Attacks of rsviz beside foolbox, ART and torchattacks: strength, draws, speed, and soundness at scale.

    python -m benchmarks.attacks strength [--checkpoint NAME] [--images 100] [--searches 9] [--steps 50]
    python -m benchmarks.attacks draws [--checkpoint NAME] [--images 100]
    python -m benchmarks.attacks speed [--checkpoint NAME] [--rounds 7] [--batch 0]
    python -m benchmarks.attacks soundness [--checkpoints NAME ...] [--images 200] [--n 2000]

Each prints a Markdown table with the settings above it. The peers come with requirements-peers.txt. Images
are the first of the test set that the network classifies; MNIST has to be downloaded. Times are medians over
rounds, each timing all competitors one after the other, since the machine may be shared.
"""

import argparse
import statistics
import time
import warnings

import numpy as np
import torch

from rsviz.attacks import Victim, attack, make_parameters, tally, verdicts
from rsviz.checkpoints import load_checkpoint
from rsviz.data import load
from rsviz.execution import CANDIDATE_BATCHES, Runner
from rsviz.noise import Gaussian
from rsviz.norms import NORMS
from rsviz.programs import keep_memory
from rsviz.smoothing import SmoothedClassifier


def main():
    keep_memory()
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(required=True)
    for part, options in (
        (strength, {"checkpoint": "mnist-cnn-gaussian-0.25", "images": 100, "searches": 9, "steps": 50}),
        (draws, {"checkpoint": "digits-gaussian-0.25", "images": 100, "steps": 20, "votes": 1000}),
        (speed, {"checkpoint": "mnist-gaussian-0.70", "images": 8, "steps": 3, "rounds": 7, "batch": 0}),
        (soundness, {"images": 200, "n": 2000, "votes": 1000}),
    ):
        sub = parts.add_parser(part.__name__, help=part.__doc__.splitlines()[0])
        for name, value in options.items():
            sub.add_argument(f"--{name}", default=value, type=type(value))
        if part is soundness:
            names = ["digits-gaussian-0.25", "digits-gaussian-0.50", "mnist-cnn-gaussian-0.25"]
            sub.add_argument("--checkpoints", nargs="+", default=names)
        sub.set_defaults(part=part)
    options = vars(parser.parse_args())
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; {options['part'].__name__}:")
    options.pop("part")(**options)


def material(checkpoint, images):
    """(network, card, x, labels): the first test images that f classifies."""
    network, card = load_checkpoint(checkpoint)
    dataset = load(card.dataset)
    rows = slice(0, 2 * images)
    x, labels = (
        torch.from_numpy(dataset.pixels(rows)),
        torch.from_numpy(dataset.labels[rows].astype(np.int64)),
    )
    with torch.inference_mode():
        right = torch.cat([network(part) for part in x.split(64)]).argmax(1) == labels
    return network, card, x[right][:images].clone(), labels[right][:images].clone()


def table(*columns):
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def run(victim, x, labels, key, **parameters):
    """The last state of an attack, in batches of 50 images."""
    parameters = make_parameters(key, **parameters)
    best = []
    for part, own in zip(x.split(50), labels.split(50), strict=True):
        *_, state = attack(victim, part, own, parameters)
        best.append(state.best)
    return torch.cat(best)


def strength(checkpoint, images, searches, steps):
    """f itself: success and l2 distortion of Carlini-Wagner and PGD, at the same steps."""
    network, card, x, labels = material(checkpoint, images)
    victim = Victim(network, None, card.num_classes, input_shape=card.input_shape)
    print(
        f"{checkpoint}, {len(x)} images, f without noise; {searches} constants from 1 on, {steps} steps each"
    )
    table("Carlini-Wagner", "learning rate", "success", "median l2", "mean l2", "seconds")
    for rate in (0.01, 0.1):
        line(
            network,
            x,
            labels,
            "rsviz",
            rate,
            lambda rate=rate: run(
                victim, x, labels, "cw", steps=steps, searches=searches, learning_rate=rate
            ),
        )
    for rate in (0.01, 0.1):
        line(
            network,
            x,
            labels,
            "foolbox",
            rate,
            lambda rate=rate: foolbox_cw(network, x, labels, searches, steps, rate),
        )
        line(
            network,
            x,
            labels,
            "ART",
            rate,
            lambda rate=rate: art_cw(network, card, x, labels, searches, steps, rate),
        )
    distances = NORMS["l2"].length(run(victim, x, labels, "cw", steps=steps, searches=searches) - x)
    epsilon = round(float(distances.median()), 2)
    print(f"\nPGD, l2, epsilon {epsilon}, {steps} steps, step 2.5 epsilon / steps")
    table("PGD", "success", "seconds")
    for name, go in (
        ("rsviz, log-mean", lambda: run(victim, x, labels, "eot-pgd", epsilon=epsilon, steps=steps)),
        (
            "rsviz, margin",
            lambda: run(victim, x, labels, "eot-pgd", epsilon=epsilon, steps=steps, loss="margin"),
        ),
        ("foolbox", lambda: foolbox_pgd(network, x, labels, epsilon, steps)),
        ("ART", lambda: art_pgd(network, card, x, labels, epsilon, steps)),
    ):
        began = time.perf_counter()
        adversarial = go()
        spent = time.perf_counter() - began
        assert NORMS["l2"].length(adversarial - x).max() <= epsilon * (1 + 1e-5)
        row(name, f"{wrong(network, adversarial, labels).mean():.2f}", f"{spent:.0f}")


def line(network, x, labels, name, rate, go):
    began = time.perf_counter()
    adversarial = go()
    spent = time.perf_counter() - began
    success = wrong(network, adversarial, labels)
    distances = NORMS["l2"].length(adversarial - x).numpy()[success]
    median, mean = (f(distances) if len(distances) else np.nan for f in (np.median, np.mean))
    row(name, rate, f"{success.mean():.2f}", f"{median:.3f}", f"{mean:.3f}", f"{spent:.0f}")


@torch.inference_mode()
def wrong(network, x, labels):
    return (torch.cat([network(part) for part in x.split(64)]).argmax(1) != labels).numpy()


def foolbox_cw(network, x, labels, searches, steps, rate):
    import foolbox

    carlini = foolbox.attacks.L2CarliniWagnerAttack(
        binary_search_steps=searches, steps=steps, stepsize=rate, initial_const=1.0
    )
    return carlini(foolbox.PyTorchModel(network, bounds=(0, 1)), x, labels, epsilons=None)[1]


def foolbox_pgd(network, x, labels, epsilon, steps):
    import foolbox

    pgd = foolbox.attacks.L2PGD(steps=steps, rel_stepsize=2.5 / steps)
    return pgd(foolbox.PyTorchModel(network, bounds=(0, 1)), x, labels, epsilons=epsilon)[1]


def art_network(network, card):
    from art.estimators.classification import PyTorchClassifier

    loss = torch.nn.CrossEntropyLoss()
    return PyTorchClassifier(network, loss, card.input_shape, card.num_classes, clip_values=(0, 1))


def art_cw(network, card, x, labels, searches, steps, rate):
    from art.attacks.evasion import CarliniL2Method

    carlini = CarliniL2Method(
        art_network(network, card),
        learning_rate=rate,
        binary_search_steps=searches,
        max_iter=steps,
        initial_const=1.0,
        batch_size=50,
        verbose=False,
    )
    return torch.from_numpy(carlini.generate(x.numpy(), one_hot(labels, card)))


def art_pgd(network, card, x, labels, epsilon, steps):
    from art.attacks.evasion import ProjectedGradientDescent

    pgd = ProjectedGradientDescent(
        art_network(network, card),
        norm=2,
        eps=epsilon,
        eps_step=2.5 * epsilon / steps,
        max_iter=steps,
        num_random_init=1,
        batch_size=50,
        verbose=False,
    )
    return torch.from_numpy(pgd.generate(x.numpy(), one_hot(labels, card)))


def one_hot(labels, card):
    return np.eye(card.num_classes, dtype=np.float32)[labels.numpy()]


def draws(checkpoint, images, steps, votes):
    """Against g: what 1, 4 and 32 draws a step achieve, by verdicts on fresh noise."""
    network, card, x, labels = material(checkpoint, images)
    victim = Victim(network, Gaussian(card.scale), card.num_classes)
    print(f"{checkpoint}, {len(x)} images, g, sigma {card.scale}; {steps} steps; {votes} fresh votes")
    table("norm", "epsilon", "loss", "draws", "changed", "abstained", "share of the label left")
    for norm, epsilon in (("l2", 0.6), ("l2", 1.0), ("linf", 0.1)):
        for loss in ("log-mean", "mean-loss"):
            for n0 in (1, 4, 32):
                settings = {"norm": norm, "epsilon": epsilon, "loss": loss, "draws": n0, "steps": steps}
                found = list(
                    verdicts(victim, x, run(victim, x, labels, "eot-pgd", **settings), labels, votes=votes)
                )
                count, left = tally(found), np.mean([v.share_after for v in found])
                row(norm, epsilon, loss, n0, count["changed"], count["abstained"], f"{left:.3f}")


def speed(checkpoint, images, steps, rounds, batch):
    """Time of an attack over that of the bare passes; one image against torchattacks and foolbox."""
    network, card, x, labels = material(checkpoint, images)
    noise, n0 = Gaussian(0.25), 32
    looks = images * n0
    print(f"{checkpoint}, {images} images, {n0} draws, {steps} steps")
    table("precision", "batch", "batch of bare passes", "bare passes over attack")
    for precision in ("float32", "auto"):
        victim = Victim(network, noise, card.num_classes, precision=precision, batch=batch or None)
        plan = victim.plan(card.input_shape)
        bare = Bare(victim, card.input_shape)
        times = {"attack": [], "bare": []}
        for _ in range(rounds):
            times["attack"].append(timed(run, victim, x, labels, "eot-pgd", steps=steps, draws=n0))
            # After the steps the attack looks once more where they led, forward only.
            times["bare"].append(timed(bare.backward, steps * looks) + timed(bare.forward, looks))
        ratio = statistics.median(np.divide(times["bare"], times["attack"]))
        row(plan.precision, plan.batch, bare.batch, f"{ratio:.3f}")
    one(network, card, x[:1], labels[:1], noise, n0, steps, rounds)


def one(network, card, x, labels, noise, n0, steps, rounds):
    import foolbox
    import torchattacks
    from foolbox.models import ExpectationOverTransformationWrapper

    class Noisy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, batch):
            return self.network(batch + noise.sigma * torch.randn_like(batch))

    noisy = Noisy().eval()
    wrapped = ExpectationOverTransformationWrapper(foolbox.PyTorchModel(noisy, bounds=(0, 1)), n_steps=n0)
    pgd = foolbox.attacks.LinfPGD(steps=steps)
    eot = torchattacks.EOTPGD(noisy, eps=0.1, alpha=0.02, steps=steps, eot_iter=n0)
    victims = {
        f"rsviz, {precision}": Victim(network, noise, card.num_classes, precision=precision)
        for precision in ("float32", "auto")
    }
    settings = {"norm": "linf", "epsilon": 0.1, "steps": steps, "draws": n0}
    competitors = {
        name: lambda v=victim: run(v, x, labels, "eot-pgd", **settings) for name, victim in victims.items()
    } | {
        "torchattacks EOTPGD": lambda: eot(x, labels),
        "foolbox PGD under EOT": lambda: pgd(wrapped, x, labels, epsilons=0.1),
    }
    for go in competitors.values():
        go()
    times = {name: [] for name in competitors}
    for _ in range(rounds):
        for name, go in competitors.items():
            times[name].append(timed(go))
    print(f"\nOne image, {n0} draws, {steps} steps, l-infinity:")
    table("attack", "milliseconds", "over rsviz in float32", "over rsviz, measured precision")
    for name, values in times.items():
        ratio = [
            f"{statistics.median(np.divide(values, times[f'rsviz, {precision}'])):.2f}"
            for precision in ("float32", "auto")
        ]
        row(name, f"{1000 * statistics.median(values):.0f}", *ratio)


class Bare:
    """Passes of the same network in the same precision on a resident batch, at the best batch size."""

    def __init__(self, victim, shape):
        self.runner = Runner(victim.network, "cpu", victim.plan(shape).precision)
        self.shape, self.batch = shape, 1
        seconds = {}
        for self.batch in CANDIDATE_BATCHES[:5]:
            seconds[self.batch] = min(timed(self.backward, 512) for _ in range(2))
        self.batch = min(seconds, key=seconds.get)

    def backward(self, rows):
        images = torch.rand((self.batch, *self.shape)).requires_grad_()
        for _ in range(rows // self.batch):
            torch.autograd.grad(self.runner(images).float().sum(), images)

    @torch.inference_mode()
    def forward(self, rows):
        images = torch.rand((self.batch, *self.shape))
        for _ in range(rows // self.batch):
            self.runner(images)


def timed(go, *arguments, **settings) -> float:
    began = time.perf_counter()
    go(*arguments, **settings)
    return time.perf_counter() - began


def soundness(checkpoints, images, n, votes):
    """Every attack inside the certified radius of each image: no prediction of g may change."""
    alpha = 1e-5
    print(
        f"{images} images each, certified with n = {n}; verdicts with {votes} fresh votes; alpha {alpha} each"
    )
    table("checkpoint", "attack", "images certified", "changed", "abstained", "unchanged", "least share left")
    for checkpoint in checkpoints:
        network, card, x, _ = material(checkpoint, images)
        victim = Victim(network, Gaussian(card.scale), card.num_classes, precision="auto")
        g = SmoothedClassifier(network, Gaussian(card.scale), card.num_classes, precision="auto")
        certificates = [g.certify(image, n=n, alpha=alpha, seed=1) for image in x]
        kept = [index for index, certificate in enumerate(certificates) if not certificate.abstained]
        predicted = torch.tensor([certificates[index].predicted for index in kept])
        radii = torch.tensor([certificates[index].radius for index in kept], dtype=torch.float32)
        for name, key, settings in (
            ("EOT-PGD l2", "eot-pgd", {"draws": 32, "restarts": 2}),
            ("EOT-PGD l-infinity", "eot-pgd", {"norm": "linf", "draws": 32}),
            ("Carlini-Wagner", "cw", {"steps": 30, "searches": 5, "draws": 16}),
            ("Boundary", "boundary", {"steps": 100}),
        ):
            inside = radii / (x[0].numel() ** 0.5 if settings.get("norm") == "linf" else 1)
            norm = NORMS[settings.get("norm", "l2")]
            *_, state = attack(victim, x[kept], predicted, make_parameters(key, **settings), epsilon=inside)
            within = x[kept] + norm.project(state.best - x[kept], inside * (1 - 1e-6))
            found = list(verdicts(victim, x[kept], within.clamp(0, 1), predicted, votes=votes, alpha=alpha))
            least = min(v.share_after for v in found)
            row(checkpoint, name, len(kept), *tally(found).values(), f"{least:.3f}")


if __name__ == "__main__":
    main()
