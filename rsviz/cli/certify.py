"""python -m rsviz certify: one image, one certificate."""

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
@click.option("--noise", default="gaussian", show_default=True)
@click.option("--scale", type=float, help="Noise scale in pixel units; default: the checkpoint's own.")
@click.option("--n0", type=int, default=100, show_default=True, help="Draws that select the class.")
@click.option("--n", type=int, default=100_000, show_default=True, help="Fresh draws that estimate p_A.")
@click.option("--alpha", type=float, default=0.001, show_default=True, help="Probability of error.")
@click.option("--procedure", default="cohen", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", help="cpu, cuda, cuda:1, mps; default: RSVIZ_DEVICE, or the fastest.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="Default: measured.")
@click.option("--batch", type=int, help="Images in one pass; default: measured.")
@click.option("--save", type=click.Path(), help="File for the certificate with votes and pictures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(checkpoint, image, fit, invert, dataset, index, scale, save, as_json, **settings):
    """Certify one image: the class that the smoothed classifier returns, and a radius in which it stays."""
    from rsviz.bounds import round_down
    from rsviz.certification import make_request, prepare
    from rsviz.checkpoints import load_card
    from rsviz.evidence import pictures_of, record
    from rsviz.files import write_atomically

    source = _source(image, fit, invert, dataset, index)
    card = load_card(checkpoint)
    if scale is None:
        if not card.scale:
            raise click.UsageError(f"{card.name} was trained without noise; please give --scale.")
        scale = card.scale
    request = make_request(checkpoint=checkpoint, image=source, scale=scale, **settings)
    run = prepare(request)
    with tqdm(total=request.n, unit=" votes", disable=True if as_json else None) as bar:
        for step, votes in record(run, pictures_of(run) if save else None):
            bar.update(votes.drawn - bar.n)
            evidence = step
    result = evidence.certificate
    if save:
        write_atomically(Path(save), evidence.to_json().encode())
    if as_json:
        print_json(result)
    elif result["abstained"]:
        click.echo(
            f"abstains: p_A >= {result['p_a_lower']:.4f} is not above p_B <= {result['p_b_upper']:.4f}"
        )
    else:
        click.echo(
            f"{result['predicted_name']}: no change of the image with {result['norm']} norm below "
            f"{round_down(result['radius'])} changes this class, with confidence {1 - request.alpha:.10g} "
            f"(p_A >= {result['p_a_lower']:.4f}, {request.n} votes)"
        )
    return EXIT_ABSTAINED if result["abstained"] else 0


def _source(image, fit, invert, dataset, index):
    if (image is None) == (dataset is None):
        raise click.UsageError("please give either --image FILE or --dataset NAME with --index I.")
    if image is not None:
        return {"kind": "file", "path": image, "how": fit, "invert": invert}
    if index is None:
        raise click.UsageError(f"--dataset {dataset} needs --index I.")
    return {"kind": "dataset", "dataset": dataset, "index": index}
