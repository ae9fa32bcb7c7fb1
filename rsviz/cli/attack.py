"""python -m rsviz attack: one image, one attack, one verdict."""

from pathlib import Path

import click
from tqdm import tqdm

from rsviz.cli import print_json

IMAGES = "attack.npz"
"""Name of the images in a folder given to --out."""


@click.command(short_help="attack one image, and judge it beside its certificate")
@click.option("--checkpoint", required=True, help="Name of a checkpoint, or path of its .safetensors file.")
@click.option("--image", "image", help="Image file; fitted to the model's input.")
@click.option("--fit", type=click.Choice(["crop", "pad"]), default="crop", show_default=True)
@click.option("--invert", is_flag=True, help="Swap dark and light: for dark writing on a light ground.")
@click.option("--dataset", help="Dataset, with --index.")
@click.option("--index", type=int, help="Number of the image in the dataset's test part.")
@click.option("--attack", default="eot-pgd", show_default=True, help="eot-pgd, cw, boundary or transfer.")
@click.option("--norm", help="l2 or linf; default: l2.")
@click.option("--epsilon", type=float, help="Size of the attack in pixel units.")
@click.option("--eot", type=int, help="Draws of noise that each gradient is averaged over.")
@click.option("--steps", type=int, help="Steps of the attack.")
@click.option(
    "--set", "own", multiple=True, metavar="NAME=VALUE", help="Any other setting of the attack; repeatable."
)
@click.option(
    "--surrogate", help="Checkpoint that transfer attacks; --set attack=KEY says with which attack."
)
@click.option("--noise", help="Noise of g; default: as in training, or gaussian.")
@click.option("--scale", type=float, help="Scale of the noise; 0 attacks f itself; default: as in training.")
@click.option("--label", type=int, help="Class to get away from; default: the image's own, or g's answer.")
@click.option("--target", type=int, help="Class to get to.")
@click.option("--votes", type=int, default=1000, show_default=True, help="Draws of each verdict.")
@click.option(
    "--path-votes", type=int, default=200, show_default=True, help="Draws of each point of the path."
)
@click.option("--n0", type=int, default=100, show_default=True, help="Draws that select the class.")
@click.option("--n", type=int, default=10_000, show_default=True, help="Draws of the certificate.")
@click.option("--alpha", type=float, default=0.001, show_default=True, help="Probability of error.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", help="cpu, cuda, cuda:1, mps; default: RSVIZ_DEVICE, or the fastest.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="Default: measured.")
@click.option("--batch", type=int, help="Noisy images in one pass; default: measured.")
@click.option(
    "--out", type=click.Path(), help=f"File NAME.npz for the images as floats, or folder for {IMAGES}."
)
@click.option("--save", type=click.Path(), help="File for all that was found, with pictures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(checkpoint, image, fit, invert, dataset, index, noise, scale, out, save, as_json, **settings):
    """Attack one image: the smoothed classifier g, or with --scale 0 the base classifier f.

    The verdict stands on fresh votes that the attack has not seen: changed, abstained or unchanged. Beside it
    stands what every bound certifies for the original image.
    """
    from rsviz.attacks.request import make_request, parameters_from
    from rsviz.checkpoints import load_card

    source = image_source(image, fit, invert, dataset, index)
    card = load_card(checkpoint)
    names = ("norm", "epsilon", "eot", "steps", "own")
    norm, epsilon, eot, steps, own = (settings.pop(name) for name in names)
    given = {"norm": norm, "epsilon": epsilon, "draws": eot, "steps": steps}
    parameters = parameters_from(settings["attack"], given, own)
    noise, scale = _noise(card, noise, scale)
    request = make_request(
        checkpoint=checkpoint, image=source, noise=noise, scale=scale, parameters=parameters, **settings
    )
    from rsviz.attacks.run import prepare, record

    with tqdm(disable=True if as_json else None) as bar:
        for reached in record(prepare(request)):
            _show(bar, reached.evidence)
    evidence = reached.evidence
    _write(evidence, out, save)
    if as_json:
        print_json(evidence.result)
    else:
        for line in _sentences(evidence.result):
            click.echo(line)


def _noise(card, noise, scale):
    """As given, or as the checkpoint knows them; 0 means no noise at all."""
    if scale == 0:
        return noise or card.noise or "gaussian", 0.0
    if scale is None and noise in (None, card.noise) and not card.noise:
        raise click.UsageError(f"{card.name} was trained without noise; please give --scale, 0 for f itself.")
    return noise_and_scale(card, noise, scale)


def _show(bar, evidence):
    """The progress bar: steps of the attack, then votes."""
    attacking = evidence.phase == "attacking"
    total, done = (evidence.steps, evidence.step) if attacking else (evidence.total, evidence.drawn)
    bar.set_description(evidence.phase, refresh=False)
    bar.total, bar.n = total or None, done
    bar.refresh()


def _write(evidence, out, save):
    """The images as an npz, for --out, and everything as JSON, for --save."""
    import io

    import numpy as np

    from rsviz.files import write_atomically

    if out:
        path = Path(out) if Path(out).suffix == ".npz" else Path(out) / IMAGES
        pictures, buffer = evidence.pictures, io.BytesIO()
        delta = pictures.adversarial - pictures.x
        np.savez(buffer, x=pictures.x, adversarial=pictures.adversarial, perturbation=delta)
        write_atomically(path, buffer.getvalue())
    if save:
        write_atomically(Path(save), evidence.to_json().encode())


def _sentences(result):
    """The verdict in words, how far it is, and what is certified."""
    from rsviz.attacks.words import verdict_sentence
    from rsviz.bounds import BOUNDS, round_down

    yield verdict_sentence(result)
    yield f"distance: l2 {result['distance_l2']:.4g}, linf {result['distance_linf']:.4g}"
    yield f"votes of the verdict: {result['votes']} before, and {result['votes']} after"
    if result["radii"]:
        yield "certified for the original, with confidence " + f"{1 - result['alpha']:.10g}:"
        for key, radius in result["radii"].items():
            yield f"  {key:<18} {BOUNDS[key].norm:<4} {round_down(radius)}"


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
    from rsviz.noise import NOISES
    from rsviz.tasks.settings import default_scale

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
