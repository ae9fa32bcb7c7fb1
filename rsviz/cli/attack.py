"""python -m rsviz attack: one image, one attack, one verdict."""

from pathlib import Path

import click
from tqdm import tqdm

from rsviz.cli import print_json
from rsviz.cli.certify import request_with_own_noise
from rsviz.cli.options import request_options, take_request_values
from rsviz.tasks.attack import AttackRequest

IMAGES = "attack.npz"
"""Name of the images in a folder given to --out."""


@click.command(short_help="attack one image, and judge it beside its certificate")
@request_options(AttackRequest)
@click.option(
    "--out", type=click.Path(), help=f"File NAME.npz for the images as floats, or folder for {IMAGES}."
)
@click.option("--save", type=click.Path(), help="File for all that was found, with pictures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(out, save, as_json, **options):
    """Attack one image: the smoothed classifier g, or with --scale 0 the base classifier f.

    Fresh votes that the attack has not seen decide the verdict: changed, abstained or unchanged. With it
    comes what every bound certifies for the original image. Attacks have further settings: --set NAME=VALUE.
    """
    from rsviz.tasks.attack import run

    request = request_with_own_noise(AttackRequest, take_request_values(AttackRequest, options))
    with tqdm(disable=True if as_json else None) as bar:
        for progress in run(request):
            _show(bar, progress)
    _write(progress, out, save)
    if as_json:
        print_json(progress.result.to_json())
    else:
        for line in _sentences(progress.result):
            click.echo(line)


def _show(bar, progress):
    """The progress bar: steps of the attack, then votes."""
    attacking = progress.phase == "attacking"
    total, done = (progress.steps, progress.step) if attacking else (progress.total, progress.drawn)
    bar.set_description(progress.phase, refresh=False)
    bar.total, bar.n = total or None, done
    bar.refresh()


def _write(progress, out, save):
    """The images as an npz, for --out, and everything as JSON, for --save."""
    import io

    import numpy as np

    from rsviz.files import write_atomically

    if out:
        path = Path(out) if Path(out).suffix == ".npz" else Path(out) / IMAGES
        pictures, buffer = progress.pictures, io.BytesIO()
        delta = pictures.adversarial - pictures.x
        np.savez(buffer, x=pictures.x, adversarial=pictures.adversarial, perturbation=delta)
        write_atomically(path, buffer.getvalue())
    if save:
        write_atomically(Path(save), progress.to_json().encode())


def _sentences(result):
    """The verdict in words, how far it is, and what is certified."""
    from rsviz.bounds import BOUNDS, round_down
    from rsviz.tasks.attack.messages import verdict_sentence

    yield verdict_sentence(result)
    yield f"distance: l2 {result.distance_l2:.4g}, linf {result.distance_linf:.4g}"
    yield f"votes of the verdict: {result.votes} before, and {result.votes} after"
    if result.radii:
        yield f"certified for the original, with confidence {1 - result.alpha:.10g}:"
        for key, radius in result.radii.items():
            yield f"  {key:<18} {BOUNDS[key].norm:<4} {round_down(radius)}"
