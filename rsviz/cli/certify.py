"""python -m rsviz certify: one image, one certificate."""

import contextlib
import signal
from pathlib import Path

import click
from tqdm import tqdm

from rsviz.cli import EXIT_ABSTAINED, print_json


@click.command(short_help="certify one image")
@click.option("--checkpoint", required=True, help="Name of a checkpoint, or path of its .safetensors file.")
@click.option("--image", "image", help="Image file; fitted to the model's input.")
@click.option("--fit", type=click.Choice(["crop", "pad"]), default="crop", show_default=True)
@click.option("--invert", is_flag=True, help="Swap dark and light: for dark writing on a light ground.")
@click.option("--dataset", help="Dataset, with --index.")
@click.option("--index", type=int, help="Number of the image in the dataset's test part.")
@click.option(
    "--noise",
    help="gaussian, laplace, linf-exponential or uniform; default: as in training, or gaussian.",
)
@click.option(
    "--scale",
    type=float,
    help="Scale of the noise in pixel units; default: that of the same deviation per pixel as in training.",
)
@click.option("--n0", type=int, default=100, show_default=True, help="Draws that select the class.")
@click.option("--n", type=int, default=100_000, show_default=True, help="Fresh draws that estimate p_A.")
@click.option("--alpha", type=float, default=0.001, show_default=True, help="Probability of error.")
@click.option(
    "--procedure",
    default="auto",
    show_default=True,
    help="cohen, split or anytime; auto: split where there are more than two classes, else cohen.",
)
@click.option(
    "--decide", type=float, metavar="RADIUS", help="End when this radius is proved or out of reach."
)
@click.option(
    "--within",
    type=float,
    metavar="PERCENT",
    help="End when the proved radius is within so many percent of what n draws could prove.",
)
@click.option("--stoppable", is_flag=True, help="Ctrl+C keeps what is proved so far, for a tenth of alpha.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", help="cpu, cuda, cuda:1, mps; default: RSVIZ_DEVICE, or the fastest.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="Default: measured.")
@click.option("--batch", type=int, help="Images in one pass; default: measured.")
@click.option("--save", type=click.Path(), help="File for the certificate with votes and pictures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(checkpoint, image, fit, invert, dataset, index, noise, scale, save, as_json, **settings):
    """Certify one image: the class that the smoothed classifier returns, and a radius in which it stays.

    The certificate lists what every bound that fits the noise proves. A run with --decide or --within stands
    on the confidence sequence `anytime`, which holds after every number of votes.
    """
    from rsviz.certification import make_request, prepare
    from rsviz.checkpoints import load_card
    from rsviz.evidence import pictures_of, record
    from rsviz.files import write_atomically

    source = image_source(image, fit, invert, dataset, index)
    card = load_card(checkpoint)
    noise, scale = noise_and_scale(card, noise, scale)
    request = make_request(checkpoint=checkpoint, image=source, noise=noise, scale=scale, **settings)
    run = prepare(request)
    with (
        tqdm(total=request.n, unit=" votes", disable=True if as_json else None) as bar,
        _first_interrupt(request.stoppable) as interrupted,
    ):
        for step, votes in record(run, pictures_of(run) if save else None, stop=lambda _: bool(interrupted)):
            bar.update(votes.drawn - bar.n)
            evidence = step
    result = evidence.certificate
    if save:
        write_atomically(Path(save), evidence.to_json().encode())
    if as_json:
        print_json(result)
    else:
        for line in _sentences(result):
            click.echo(line)
    return EXIT_ABSTAINED if result["abstained"] else 0


def image_source(image, fit, invert, dataset, index):
    if (image is None) == (dataset is None):
        raise click.UsageError("please give either --image FILE or --dataset NAME with --index I.")
    if image is not None:
        return {"kind": "file", "path": image, "how": fit, "invert": invert}
    if index is None:
        raise click.UsageError(f"--dataset {dataset} needs --index I.")
    return {"kind": "dataset", "dataset": dataset, "index": index}


def noise_and_scale(card, noise, scale):
    """Noise and scale as given, or as the checkpoint knows them; says so where it chose the scale."""
    from rsviz.certification import default_scale
    from rsviz.noise import NOISES

    noise = noise or card.noise or "gaussian"
    if scale is not None or noise not in NOISES:
        return noise, scale if scale is not None else 1.0  # an unknown noise is refused with the request
    scale = default_scale(card, noise)
    if scale is None:
        raise click.UsageError(f"{card.name} was trained without noise; please give --scale.")
    if noise != card.noise:
        click.echo(
            f"{card.name} was trained with {card.noise} noise of scale {card.scale:g}; {noise} noise of "
            f"scale {scale:.4g} has the same deviation per pixel.",
            err=True,
        )
    return noise, scale


@contextlib.contextmanager
def _first_interrupt(stoppable):
    """A list that the first Ctrl+C fills where the run may be stopped; the second one ends the program."""
    seen = []

    def stop(number, frame):
        seen.append(number)
        signal.signal(signal.SIGINT, before)

    if not stoppable:
        yield seen
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _sentences(result):
    """The certificate in words: the claim, how the run ended, and what every bound proves."""
    from rsviz.bounds import BOUNDS, round_down
    from rsviz.certification import gain, limits_in_words
    from rsviz.confidence import PROCEDURES

    p_a_lower, p_b_upper = limits_in_words(result["p_a_lower"], result["p_b_upper"])
    if result["abstained"]:
        yield f"abstains: p_A >= {p_a_lower} is not above p_B <= {p_b_upper}"
    else:
        yield (
            f"{result['predicted_name']}: no change of the image with {result['norm']} norm below "
            f"{round_down(result['radius'])} changes this class, with confidence {1 - result['alpha']:.10g} "
            f"(p_A >= {p_a_lower}, p_B <= {p_b_upper}, {result['n']} votes, "
            f"{PROCEDURES[result['procedure']].title})"
        )
    if result["ended"] != "complete":
        saved = result["n_planned"] - result["n"]
        yield f"ended: {result['ended']}, after {result['n']} of {result['n_planned']} votes ({saved} saved)"
    if words := gain(result):
        yield f"split against cohen on these votes: {words}"
    if not result["abstained"]:
        yield "what every bound proves from these votes:"
        for key, radius in result["radii"].items():
            yield f"  {key:<18} {BOUNDS[key].norm:<4} {round_down(radius)}"
